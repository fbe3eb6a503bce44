//! Child processes of agents and the processor time they use, from `/proc`.
//!
//! One look reads all processes once, for all agents together; only on a blocking thread. Invariants: where
//! the system does not tell, nobody is said to have no children; what an agent starts along with itself (a
//! wrapper, its servers) is the agent, not work of its.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use crate::domain::hook::hook_words;

/// A process started so soon after the agent is a part of it.
const OWN: Duration = Duration::from_secs(3);
/// Processor time below this share of the time between two looks is no work: a server that is only asked
/// whether it is still there.
const WORK: u32 = 100;

/// The most of a command that is shown, in characters.
const COMMAND: usize = 60;

/// A process.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Proc {
    parent: u32,
    session: u32,
    name: String,
    /// Ticks since the machine started.
    started: u64,
    /// Ticks of its own.
    cpu: u64,
    /// Ticks of its children that have ended.
    reaped: u64,
}

/// All processes of the machine at a moment.
#[derive(Debug)]
pub(super) struct Processes {
    all: HashMap<u32, Proc>,
    at: Instant,
    /// The command of one, where that is told.
    command: fn(u32) -> Option<String>,
}

/// What the children of an agent did since the last look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Work {
    /// They worked: the busiest that is still there (else no name), and the processor time of all.
    Busy { name: String, cpu: Duration },
    /// They are there and use no processor: the newest that has none of its own, which is what the others wait
    /// for (its command, or its name where that is not told), and for how long it runs.
    Still { name: String, age: Duration },
    /// There are none.
    None,
}

/// The looks at one agent's children.
#[derive(Debug, Default)]
pub(super) struct Children {
    last: Option<(Instant, u64)>,
    each: HashMap<u32, u64>,
}

impl Processes {
    /// Reads them; `None` where the system does not tell.
    pub(super) fn read() -> Option<Processes> {
        let numbers = std::fs::read_dir("/proc").ok()?.flatten();
        let all: HashMap<u32, Proc> = numbers
            .filter_map(|entry| {
                let pid = entry.file_name().to_str()?.parse().ok()?;
                let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
                Some((pid, parse(&String::from_utf8_lossy(&stat))?))
            })
            .collect();
        (!all.is_empty()).then(|| Processes {
            all,
            at: Instant::now(),
            command,
        })
    }

    /// The agent `root` leads, with everything it started, whether in its session or below it.
    fn family(&self, root: u32) -> HashSet<u32> {
        let mut below: HashMap<u32, Vec<u32>> = HashMap::new();
        for (pid, process) in &self.all {
            below.entry(process.parent).or_default().push(*pid);
        }
        let in_session = self
            .all
            .iter()
            .filter(|(_, process)| process.session == root);
        let mut queue: Vec<u32> = in_session.map(|(pid, _)| *pid).collect();
        queue.push(root);
        let mut family = HashSet::new();
        while let Some(pid) = queue.pop() {
            if family.insert(pid) {
                queue.extend(below.get(&pid).into_iter().flatten());
            }
        }
        family.retain(|pid| self.all.contains_key(pid));
        family
    }
}

impl Children {
    /// What the children of the agent whose process is `root` did since the last look; the first one cannot
    /// tell whether they work, and calls them still.
    pub(super) fn look(&mut self, processes: &Processes, root: u32) -> Work {
        let ticks = rustix::param::clock_ticks_per_second().max(1);
        let Some(leader) = processes.all.get(&root) else {
            return Work::None;
        };
        let own_until = leader.started + OWN.as_secs() * ticks;
        let (mut total, mut each, mut newest) = (0, HashMap::new(), None::<(u64, u32)>);
        let family = processes.family(root);
        let parents: HashSet<u32> = family.iter().map(|pid| processes.all[pid].parent).collect();
        for pid in family {
            let process = &processes.all[&pid];
            let work = pid != root && process.started > own_until;
            let cpu = process.reaped + if work { process.cpu } else { 0 };
            total += cpu;
            each.insert(pid, cpu);
            if work && !parents.contains(&pid) {
                newest = newest.max(Some((process.started, pid)));
            }
        }
        let last = self.last.replace((processes.at, total));
        let before = std::mem::replace(&mut self.each, each);
        let length = |ticks_used: u64| Duration::from_millis(ticks_used * 1000 / ticks);
        if let Some((at, used)) = last {
            let cpu = length(total.saturating_sub(used));
            if cpu > Duration::ZERO && cpu * WORK >= processes.at.duration_since(at) {
                let grown = |(pid, cpu): &(&u32, &u64)| {
                    cpu.saturating_sub(before.get(pid).copied().unwrap_or_default())
                };
                let busiest = self.each.iter().max_by_key(grown);
                // What the agent itself has reaped is there no more.
                let busiest = busiest.filter(|(pid, _)| **pid != root);
                let name = busiest.map(|(pid, _)| processes.all[pid].name.clone());
                return Work::Busy {
                    name: name.unwrap_or_default(),
                    cpu,
                };
            }
        }
        match newest {
            Some((started, pid)) => {
                let youngest = processes.all.values().map(|process| process.started).max();
                let ticks_old = youngest.unwrap_or(started).saturating_sub(started);
                Work::Still {
                    name: (processes.command)(pid)
                        .unwrap_or_else(|| processes.all[&pid].name.clone()),
                    age: length(ticks_old),
                }
            }
            None => Work::None,
        }
    }
}

/// The command of a process, with its arguments: the program without its directory.
fn command(pid: u32) -> Option<String> {
    let bytes = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    words(&String::from_utf8_lossy(&bytes))
}

/// A command line of the kernel's in words, short and plain.
fn words(line: &str) -> Option<String> {
    let line = line.trim_end_matches('\0');
    let (program, arguments) = line.split_once('\0').unwrap_or((line, ""));
    let program = program.rsplit('/').next().unwrap_or(program);
    let whole = format!("{program} {}", arguments.replace('\0', " "));
    let whole = hook_words(whole.trim());
    let mut short: String = whole.chars().take(COMMAND).collect();
    if short.len() < whole.len() {
        short.push('…');
    }
    (!short.is_empty()).then_some(short)
}

/// Reads `/proc/PID/stat`; `None` where it is none, or that of a process which has ended.
fn parse(stat: &str) -> Option<Proc> {
    // The name, in brackets, may hold anything.
    let (before, rest) = stat.rsplit_once(')')?;
    let name = before.split_once('(')?.1;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    if matches!(fields.first(), Some(&("Z" | "X"))) {
        return None;
    }
    let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
    Some(Proc {
        parent: number(1)? as u32,
        session: number(3)? as u32,
        name: name.chars().filter(|c| !c.is_control()).collect(),
        cpu: number(11)? + number(12)?,
        reaped: number(13)? + number(14)?,
        started: number(19)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(parent: u32, session: u32, name: &str, started: u64, cpu: u64, reaped: u64) -> Proc {
        Proc {
            parent,
            session,
            name: name.into(),
            started,
            cpu,
            reaped,
        }
    }

    fn at(start: Instant, seconds: u64, all: &[(u32, Proc)]) -> Processes {
        Processes {
            all: all.iter().cloned().collect(),
            at: start + Duration::from_secs(seconds),
            command: |_| None,
        }
    }

    #[test]
    fn a_line_of_the_kernel_is_read() {
        let line = "12 (a) b) S 1 12 11 34816 12 0 0 0 0 0 30 4 5 6 20 0 1 0 900 0";
        assert_eq!(parse(line), Some(process(1, 11, "a) b", 900, 34, 11)));
        assert_eq!(parse(&line.replace(") S", ") Z")), None);
        assert_eq!(parse("12 (a"), None);
        assert_eq!(parse(""), None);
    }

    #[test]
    fn a_command_is_told_in_words() {
        for (line, expected) in [
            ("sleep\x001200\0", Some("sleep 1200")),
            ("/usr/bin/python3\0-m\0pytest\0", Some("python3 -m pytest")),
            ("a/b\0\x1b[31m\n\0", Some("b [31m")),
            ("", None),
            ("\0\0", None),
        ] {
            assert_eq!(words(line).as_deref(), expected, "{line:?}");
        }
        assert_eq!(words(&"x".repeat(5_000)).unwrap().chars().count(), 61);
    }

    /// With a hundred ticks a second, as Linux has it.
    #[test]
    fn work_is_what_children_use() {
        if rustix::param::clock_ticks_per_second() != 100 {
            return;
        }
        let start = Instant::now();
        let mut children = Children::default();
        let agent = |cpu, reaped| (10, process(1, 10, "node", 1_000, cpu, reaped));
        // Started with the agent: its own, however busy. Another session's is nobody's.
        let server = |cpu| (11, process(10, 10, "server", 1_200, cpu, 0));
        let other = (99, process(1, 99, "make", 2_000, 50_000, 0));
        let look = |children: &mut Children, seconds, all: &[(u32, Proc)]| {
            children.look(&at(start, seconds, all), 10)
        };
        let all = [agent(100, 0), server(50), other.clone()];
        assert_eq!(look(&mut children, 0, &all), Work::None);
        let all = [agent(600, 0), server(500), other.clone()];
        assert_eq!(
            look(&mut children, 5, &all),
            Work::None,
            "the agent itself and its server"
        );
        // A build in a session of its own, below the agent's shell.
        let shell = (20, process(10, 20, "sh", 3_000, 1, 0));
        let compiler = |cpu| (21, process(20, 20, "cc1", 3_001, cpu, 0));
        let all = [agent(600, 0), shell.clone(), compiler(400)];
        let busy = |name: &str, millis| Work::Busy {
            name: name.into(),
            cpu: Duration::from_millis(millis),
        };
        assert_eq!(look(&mut children, 10, &all), busy("cc1", 4_010));
        // It has ended, and its shell has reaped it; then the agent has reaped the shell.
        let all = [agent(600, 0), (20, process(10, 20, "sh", 3_000, 1, 480))];
        assert_eq!(look(&mut children, 15, &all), busy("sh", 800));
        let all = [agent(600, 500)];
        assert_eq!(look(&mut children, 20, &all), busy("", 190));
        // It waits for something, which takes no processor; now and then a tick.
        let waits = |cpu| (30, process(10, 10, "ssh", 4_000, cpu, 0));
        let all = [agent(600, 500), waits(3)];
        assert!(matches!(look(&mut children, 25, &all), Work::Still { name, .. } if name == "ssh"));
        let all = [
            agent(600, 500),
            waits(4),
            (31, process(1, 31, "x", 9_000, 0, 0)),
        ];
        let still = Work::Still {
            name: "ssh".into(),
            age: Duration::from_secs(50),
        };
        assert_eq!(look(&mut children, 30, &all), still);
        // The newest without children of its own is what all wait for.
        let all = [
            agent(600, 500),
            waits(4),
            (40, process(10, 10, "bash", 8_000, 0, 0)),
            (41, process(40, 10, "sleep", 8_500, 0, 0)),
            (42, process(1, 42, "x", 9_000, 0, 0)),
        ];
        let still = Work::Still {
            name: "sleep".into(),
            age: Duration::from_secs(5),
        };
        assert_eq!(look(&mut children, 35, &all), still);
        assert_eq!(look(&mut children, 40, &[]), Work::None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_machine_tells_of_its_processes() {
        let processes = Processes::read().unwrap();
        assert!(
            processes
                .family(std::process::id())
                .contains(&std::process::id())
        );
    }
}
