//! Who is at the other end of a unix socket.

use std::io;
use std::os::unix::net::UnixStream;

/// The uid of the process at the other end.
///
/// # Errors
/// Where the system does not say.
pub fn peer_uid(stream: &impl std::os::fd::AsFd) -> io::Result<u32> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        let credentials = rustix::net::sockopt::socket_peercred(stream)?;
        Ok(credentials.uid.as_raw())
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        use std::os::fd::AsRawFd;
        let (mut uid, mut gid) = (0, 0);
        // SAFETY: the descriptor is open for the length of the call and both pointers are valid.
        #[allow(unsafe_code)]
        let done = unsafe { libc::getpeereid(stream.as_fd().as_raw_fd(), &mut uid, &mut gid) };
        if done == 0 {
            Ok(uid)
        } else {
            Err(io::Error::last_os_error())
        }
    }
}

/// Whether `uid` may talk to a process of ours: only the same user may, root not excepted.
pub fn is_allowed(uid: u32) -> bool {
    uid == rustix::process::geteuid().as_raw()
}

/// Whether the process at the other end may talk to us.
pub fn is_ours(stream: &UnixStream) -> bool {
    peer_uid(stream).is_ok_and(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_user_is_let_in() {
        let (left, _right) = UnixStream::pair().unwrap();
        let own = rustix::process::geteuid().as_raw();
        assert_eq!(peer_uid(&left).unwrap(), own);
        assert!(is_ours(&left));
        assert!(!is_allowed(own.wrapping_add(1)));
    }
}
