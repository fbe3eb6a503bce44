//! What the panes are given to do, and how its cost is read from the system.

use std::fs;
use std::io::Write;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::driver::Client;

/// A file to `cat`.
pub struct Flood {
    pub name: &'static str,
    pub path: PathBuf,
    pub megabytes: f64,
}

pub fn own_program() -> String {
    let path = std::env::current_exe().unwrap();
    path.to_str().unwrap().to_owned()
}

/// Writes the floods: a plain log and the same in colours.
pub fn floods(scratch: &Path, megabytes: usize) -> Vec<Flood> {
    fn plain(number: usize) -> String {
        format!(
            "2026-01-01T00:00:{:02}Z INFO  worker-{} handled request {number} for /api/v1/items/{} in {} ms\n",
            number % 60,
            number % 8,
            number * 7919 % 100_000,
            number % 250
        )
    }
    fn coloured(number: usize) -> String {
        format!(
            "\x1b[2m12:00:{:02}\x1b[0m \x1b[1;3{}mINFO\x1b[0m \x1b[38;5;{}mworker-{}\x1b[0m handled \x1b[38;2;{};120;200mrequest {number}\x1b[0m in \x1b[4m{} ms\x1b[24m\n",
            number % 60,
            number % 7 + 1,
            number % 256,
            number % 8,
            number % 256,
            number % 250
        )
    }
    [
        ("plain", plain as fn(usize) -> String),
        ("coloured", coloured),
    ]
    .into_iter()
    .map(|(name, line)| {
        let path = scratch.join(format!("{name}.txt"));
        let mut file = std::io::BufWriter::new(fs::File::create(&path).unwrap());
        let (mut written, mut number) = (0, 0);
        while written < megabytes << 20 {
            let line = line(number);
            file.write_all(line.as_bytes()).unwrap();
            written += line.len();
            number += 1;
        }
        file.flush().unwrap();
        Flood {
            name,
            path,
            megabytes: written as f64 / 1e6,
        }
    })
    .collect()
}

/// Lets a client show a `cat` of `file`; the time is taken inside the pane.
pub fn timed(scratch: &Path, file: &Path, open: impl FnOnce(&str) -> Client) -> Duration {
    let (go, from, to) = (scratch.join("go"), scratch.join("from"), scratch.join("to"));
    for path in [&go, &from, &to] {
        let _ = fs::remove_file(path);
    }
    let script = format!(
        "echo ready; while ! [ -e {go} ]; do sleep 0.02; done; date +%s%N > {from}; cat {file}; date +%s%N > {to}.part; mv {to}.part {to}; sleep 600",
        go = go.display(),
        from = from.display(),
        to = to.display(),
        file = file.display()
    );
    let mut client = open(&script);
    client.settle(Duration::from_millis(300));
    fs::write(&go, "").unwrap();
    client.drain_until(|_| to.exists());
    let read = |path: &Path| -> u64 { fs::read_to_string(path).unwrap().trim().parse().unwrap() };
    Duration::from_nanos(read(&to) - read(&from))
}

/// Waits until so many panes have printed their lines.
pub struct Countdown {
    listener: UnixListener,
    _directory: tempfile::TempDir,
    path: PathBuf,
    count: usize,
}

impl Countdown {
    pub fn new(count: usize) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("done");
        Self {
            listener: UnixListener::bind(&path).unwrap(),
            path,
            count,
            _directory: directory,
        }
    }

    /// Prints 2,000 lines as a build would, says so, and stays.
    pub fn command(&self) -> String {
        format!(
            "i=0; while [ $i -lt 2000 ]; do echo \"line $i: compiling crate number $i of many, with a message of usual length\"; i=$((i+1)); done; python3 -c 'import socket; s=socket.socket(socket.AF_UNIX); s.connect(\"{}\")'; exec sleep 3600",
            self.path.display()
        )
    }

    pub fn wait(self) {
        for _ in 0..self.count {
            self.listener.accept().unwrap();
        }
        // The last lines are still on their way through the multiplexer.
        std::thread::sleep(Duration::from_millis(1500));
    }
}

/// The memory a process answers for, in MiB: its proportional share where the kernel tells it.
pub fn memory_mib(pid: u32) -> f64 {
    let field = |file: &str, name: &str| -> Option<f64> {
        let text = fs::read_to_string(format!("/proc/{pid}/{file}")).ok()?;
        let line = text.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse().ok()
    };
    let kib = field("smaps_rollup", "Pss:").or_else(|| field("status", "VmRSS:"));
    kib.unwrap_or(f64::NAN) / 1024.0
}

/// CPU time the processes used over `span`, as a percentage of one core.
pub fn cpu_percent(pids: &[u32], span: Duration) -> f64 {
    let ticks = || -> f64 {
        let used = pids.iter().filter_map(|pid| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let rest = stat.rsplit_once(')')?.1;
            let fields: Vec<&str> = rest.split_whitespace().collect();
            Some(fields[11].parse::<f64>().ok()? + fields[12].parse::<f64>().ok()?)
        });
        used.sum()
    };
    let (start, before) = (Instant::now(), ticks());
    std::thread::sleep(span);
    // A tick is 10 ms on every Linux that matters here.
    (ticks() - before) * 0.01 / start.elapsed().as_secs_f64() * 100.0
}
