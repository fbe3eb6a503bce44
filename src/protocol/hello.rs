//! The first frame in each direction, with a layout that never changes, so that two versions which can
//! talk about nothing else can still tell each other so.
//!
//! Layout: `GLUONAPI` (8 bytes), protocol version (u16, big endian), length of the build's name (u8), the
//! build's name (UTF-8). Later versions may append; what is behind is ignored.

/// The version of everything but this module. Raised with every change of a message's layout.
pub const PROTOCOL_VERSION: u16 = 2;

const MAGIC: &[u8; 8] = b"GLUONAPI";

/// Who speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// The protocol version spoken.
    pub protocol: u16,
    /// The program's version, for people.
    pub build: String,
}

/// Why a hello is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HelloError {
    /// Another program answered.
    #[error("the other side does not speak gluon's protocol")]
    NotGluon,
    /// The other side is another version.
    #[error("gluon {theirs} runs in the background but this is gluon {ours}")]
    Version {
        /// The build of this side.
        ours: String,
        /// The build of the other side.
        theirs: String,
    },
}

impl Hello {
    /// The hello of this build.
    pub fn ours() -> Self {
        Self {
            protocol: PROTOCOL_VERSION,
            build: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// The frame's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let build = &self.build.as_bytes()[..self.build.len().min(usize::from(u8::MAX))];
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&self.protocol.to_be_bytes());
        bytes.push(build.len() as u8);
        bytes.extend_from_slice(build);
        bytes
    }

    /// Reads a hello of any version.
    ///
    /// # Errors
    /// [`HelloError::NotGluon`] where the bytes are no hello.
    pub fn decode(bytes: &[u8]) -> Result<Self, HelloError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(HelloError::NotGluon)?;
        let [high, low, length, rest @ ..] = rest else {
            return Err(HelloError::NotGluon);
        };
        let build = rest
            .get(..usize::from(*length))
            .ok_or(HelloError::NotGluon)?;
        Ok(Self {
            protocol: u16::from_be_bytes([*high, *low]),
            build: String::from_utf8_lossy(build)
                .chars()
                .filter(|c| !c.is_control())
                .collect(),
        })
    }

    /// Whether `self` (ours) and `theirs` can talk.
    ///
    /// # Errors
    /// [`HelloError::Version`] where they cannot.
    pub fn check(&self, theirs: &Hello) -> Result<(), HelloError> {
        if self.protocol == theirs.protocol {
            return Ok(());
        }
        Err(HelloError::Version {
            ours: format!("{} (protocol {})", self.build, self.protocol),
            theirs: format!("{} (protocol {})", theirs.build, theirs.protocol),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The layout is frozen: these bytes must be read for ever.
    #[test]
    fn the_frozen_layout() {
        let frozen = b"GLUONAPI\x00\x01\x050.1.0";
        let hello = Hello {
            protocol: 1,
            build: "0.1.0".into(),
        };
        assert_eq!(hello.encode(), frozen);
        assert_eq!(Hello::decode(frozen), Ok(hello.clone()));
        assert_eq!(
            Hello::decode(b"GLUONAPI\x00\x01\x050.1.0 and more"),
            Ok(hello)
        );
    }

    #[test]
    fn strangers_and_other_versions_are_told_apart() {
        for bad in [
            &b""[..],
            b"GET / HTTP/1.1",
            b"GLUONAPI",
            b"GLUONAPI\0\x01\x09x",
        ] {
            assert_eq!(Hello::decode(bad), Err(HelloError::NotGluon));
        }
        let other = Hello {
            protocol: 9,
            build: "9.0.0".into(),
        };
        let error = Hello::ours().check(&other).expect_err("versions differ");
        assert!(error.to_string().contains("gluon 9.0.0 (protocol 9)"));
    }
}
