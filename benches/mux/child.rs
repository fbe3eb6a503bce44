//! The programs that run inside the panes.

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};

/// Runs the program `role` until its terminal goes away.
pub fn run(role: &str) {
    match role {
        "child-flood" => {
            let line = line();
            let mut out = std::io::stdout().lock();
            while out.write_all(&line).is_ok() {}
        }
        "child-flood-echo" => flood_and_echo(),
        other => eprintln!("unknown role {other}"),
    }
}

fn line() -> Vec<u8> {
    b"   compiling some crate v1.2.3 in the usual way, nothing to see here\r\n".repeat(50)
}

/// Floods the screen below its first row and puts every key typed into that row.
fn flood_and_echo() {
    use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
    let stdin = std::io::stdin();
    if let Ok(mut attributes) = tcgetattr(&stdin) {
        attributes.make_raw();
        let _ = tcsetattr(&stdin, OptionalActions::Now, &attributes);
    }
    let out = Arc::new(Mutex::new(std::io::stdout()));
    let _ = write_all(&out, b"\x1b[2J\x1b[2;50r\x1b[2;1H");
    let flood = out.clone();
    std::thread::spawn(move || {
        let line = line();
        while write_all(&flood, &line).is_ok() {}
    });
    let mut key = [0u8; 1];
    while matches!(stdin.lock().read(&mut key), Ok(1)) {
        // The region anew each time: a terminal forgets it when its size changes.
        let mut echo = b"\x1b7\x1b[2;50r\x1b[1;1H".to_vec();
        echo.push(key[0]);
        echo.extend_from_slice(b"\x1b8");
        if write_all(&out, &echo).is_err() {
            return;
        }
    }
}

fn write_all(out: &Mutex<std::io::Stdout>, bytes: &[u8]) -> std::io::Result<()> {
    let mut out = out.lock().unwrap();
    out.write_all(bytes)?;
    out.flush()
}
