//! Version 4 UUIDs: the ids of conversations that we choose.

use std::fs::File;
use std::io::{self, Read};

/// A new id for a conversation, from the system's randomness.
///
/// # Errors
/// Where `/dev/urandom` cannot be read.
pub fn new_conversation_id() -> io::Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(uuid_v4(bytes))
}

/// The version 4 UUID that `bytes` make.
pub fn uuid_v4(mut bytes: [u8; 16]) -> String {
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut id = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            id.push('-');
        }
        id.push_str(&format!("{byte:02x}"));
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_and_variant_are_set() {
        assert_eq!(uuid_v4([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(uuid_v4([0; 16]), "00000000-0000-4000-8000-000000000000");
    }

    #[test]
    fn new_ids_differ() {
        assert_ne!(
            new_conversation_id().unwrap(),
            new_conversation_id().unwrap()
        );
    }
}
