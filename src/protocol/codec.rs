//! Frames: a length (u32, big endian) and that many bytes of postcard.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_util::codec::LengthDelimitedCodec;

/// The longest frame either side accepts, in bytes.
pub const MAX_FRAME: usize = 8 * 1024 * 1024;

/// Why a frame cannot be sent or read.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// It would be longer than the other side accepts.
    #[error("a message of {0} bytes is longer than the limit of {MAX_FRAME}")]
    TooLong(usize),
    /// The bytes are no message.
    #[error("a malformed message: {0}")]
    Malformed(#[from] postcard::Error),
}

/// The framing both sides use.
pub fn framing() -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder()
        .max_frame_length(MAX_FRAME)
        .new_codec()
}

/// The bytes of a message, without its length.
///
/// # Errors
/// [`FrameError::TooLong`] above [`MAX_FRAME`].
pub fn encode<T: Serialize>(message: &T) -> Result<Bytes, FrameError> {
    let bytes = postcard::to_allocvec(message)?;
    if bytes.len() > MAX_FRAME {
        return Err(FrameError::TooLong(bytes.len()));
    }
    Ok(bytes.into())
}

/// The message in a frame; bytes behind it are an error.
///
/// # Errors
/// [`FrameError::Malformed`] where the bytes are not exactly one message.
pub fn decode<T: DeserializeOwned>(frame: &[u8]) -> Result<T, FrameError> {
    let (message, rest) = postcard::take_from_bytes(frame)?;
    if rest.is_empty() {
        Ok(message)
    } else {
        Err(FrameError::Malformed(postcard::Error::SerdeDeCustom))
    }
}
