//! Random sequences of work, acceptance, undoing, removal, conflict and crash: no commit and no uncommitted
//! byte is ever lost.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use proptest::prelude::*;

use super::super::integrate::{Bench, Plan, carry_out, prepare, release, take_back, unwatched};
use super::super::{WorktreeSpec, add_worktree, remove_worktree, restore_worktree, tip};
use super::{Fixture, commit, git, read, write};
use crate::domain::accept::{Landing, Way};

/// Tasks and files there are.
const TASKS: usize = 2;
const FILES: usize = 3;

#[derive(Debug, Clone)]
enum Step {
    /// A task writes something new into a file.
    Write(usize, usize),
    /// A task commits everything.
    Commit(usize),
    /// The user commits something new into a file on main.
    Main(usize),
    /// The user changes a file in the checkout of main and leaves it, or puts it back.
    Dirty(bool),
    /// A task is accepted; killed at a step, if it comes that far.
    Accept(usize, usize, usize),
    /// The last acceptance is taken back; killed at a step.
    Undo(usize),
    /// A task is removed.
    Remove(usize),
    /// A removed task is brought back.
    Restore(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..TASKS, 0..FILES).prop_map(|(task, file)| Step::Write(task, file)),
        2 => (0..TASKS).prop_map(Step::Commit),
        2 => (0..FILES).prop_map(Step::Main),
        1 => any::<bool>().prop_map(Step::Dirty),
        4 => (0..TASKS, 0..4_usize, 0..9_usize).prop_map(|(t, w, k)| Step::Accept(t, w, k)),
        2 => (0..4_usize).prop_map(Step::Undo),
        1 => (0..TASKS).prop_map(Step::Remove),
        2 => (0..TASKS).prop_map(Step::Restore),
    ];
    prop::collection::vec(step, 6..14)
}

/// A task, with what only the files of its worktree have.
struct Task {
    path: PathBuf,
    branch: String,
    base: String,
    /// Every file as it was last written.
    files: HashMap<usize, String>,
    /// The tip and the ref that holds everything, while it is removed.
    removed: Option<(String, String)>,
}

struct World {
    fixture: Fixture,
    tasks: Vec<Task>,
    /// Every commit that somebody made.
    commits: Vec<String>,
    /// Acceptances that were not taken back, and of which task.
    landed: Vec<(usize, Landing)>,
    dirty: Option<String>,
    count: usize,
}

fn file(number: usize) -> String {
    format!("file{number}.txt")
}

impl World {
    fn new() -> Self {
        let fixture = Fixture::new();
        for (key, value) in [
            ("user.name", "A"),
            ("user.email", "a@example.com"),
            ("commit.gpgSign", "false"),
            ("core.hooksPath", ".git/hooks"),
        ] {
            fixture.run(&["config", key, value]);
        }
        for number in 0..FILES {
            fixture.write(&file(number), "begin\n");
        }
        let first = fixture.commit("files");
        let tasks = (0..TASKS).map(|number| {
            let spec = WorktreeSpec {
                root: fixture.root.clone(),
                branch: format!("gluon/{number}"),
                path: fixture.path().join("trees").join(number.to_string()),
                base: None,
            };
            let tree = add_worktree(&fixture.git, &spec).unwrap();
            let files = (0..FILES).map(|number| (number, "begin\n".to_owned()));
            Task {
                path: tree.path,
                branch: tree.branch,
                base: tree.base_commit,
                files: files.collect(),
                removed: None,
            }
        });
        Self {
            tasks: tasks.collect(),
            commits: vec![first],
            landed: Vec::new(),
            dirty: None,
            count: 0,
            fixture,
        }
    }

    /// Something nobody has written before.
    fn news(&mut self) -> String {
        self.count += 1;
        format!("news {}\n", self.count)
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Write(task, number) if self.tasks[task].removed.is_none() => {
                let news = self.news();
                let task = &mut self.tasks[task];
                write(&task.path.join(file(number)), &news);
                task.files.insert(number, news);
            }
            Step::Commit(task) if self.tasks[task].removed.is_none() => {
                let path = &self.tasks[task].path;
                if !git(path, &["status", "--porcelain"]).is_empty() {
                    self.commits.push(commit(path, "work"));
                }
            }
            Step::Main(number) if self.dirty.is_none() => {
                let news = self.news();
                self.fixture.write(&file(number), &news);
                self.commits.push(self.fixture.commit("main"));
            }
            Step::Dirty(true) => {
                let news = self.news();
                self.fixture.write(&file(0), &news);
                self.dirty = Some(news);
            }
            Step::Dirty(false) => {
                self.fixture.run(&["checkout", "-q", "--", "."]);
                self.dirty = None;
            }
            Step::Accept(task, way, kill) if self.tasks[task].removed.is_none() => {
                self.accept(task, way, kill);
            }
            Step::Undo(kill) => self.undo(kill),
            Step::Remove(task) if self.tasks[task].removed.is_none() => self.remove(task),
            Step::Restore(task) => self.restore(task),
            _ => {}
        }
    }

    fn accept(&mut self, number: usize, way: usize, kill: usize) {
        let ways = [Way::Merge, Way::Squash, Way::Rebase, Way::FastForward];
        let task = &self.tasks[number];
        let git = self.fixture.git.clone();
        let root = self.fixture.root.clone();
        let plan = Plan {
            root: root.clone(),
            worktree: Some(task.path.clone()),
            branch: task.branch.clone(),
            base_commit: task.base.clone(),
            target: "main".to_owned(),
            way: ways[way],
            message: "accepted".to_owned(),
            commit: true,
            hooks: true,
            hold: format!("refs/gluon/operations/{}", self.count),
        };
        let journal = std::cell::RefCell::new(None);
        let left = std::cell::Cell::new(kill);
        let step = |_: &'static str| match left.get() {
            0 => std::panic::panic_any("killed"),
            more => left.set(more - 1),
        };
        let ended = catch_unwind(AssertUnwindSafe(|| {
            let path = self.fixture.path().join("bench");
            let bench = Bench::open(&git, &root, &path, "main")?;
            let landing = prepare(&git, &plan, &bench, &step)?;
            *journal.borrow_mut() = Some(landing.clone());
            carry_out(&git, &root, &landing, &step)
        }));
        let Some(landing) = journal.into_inner() else {
            return;
        };
        let done = match ended {
            Ok(done) => done,
            // As the next daemon does.
            Err(_) => carry_out(&git, &root, &landing, &unwatched),
        };
        release(&git, &root, &landing);
        if done.is_ok() {
            let moved = landing.branch.to.clone();
            self.commits
                .extend(landing.target.iter().map(|target| target.to.clone()));
            self.commits.push(moved);
            self.landed.push((number, landing));
        }
    }

    fn undo(&mut self, kill: usize) {
        let Some((number, landing)) = self.landed.pop() else {
            return;
        };
        let (git, root) = (&self.fixture.git, &self.fixture.root);
        // What is taken back stays reachable, as the service does it.
        for moved in landing.target.iter().chain([&landing.branch]) {
            let name = format!("refs/gluon/undone/{}", moved.to);
            git.run(root, &["update-ref", &name, &moved.to]).unwrap();
        }
        let left = std::cell::Cell::new(kill);
        let step = |_: &'static str| match left.get() {
            0 => std::panic::panic_any("killed"),
            more => left.set(more - 1),
        };
        let ended = catch_unwind(AssertUnwindSafe(|| take_back(git, root, &landing, &step)));
        let done = match ended {
            Ok(done) => done,
            Err(_) => take_back(git, root, &landing, &unwatched),
        };
        if done.is_err() {
            self.landed.push((number, landing));
        }
    }

    fn remove(&mut self, number: usize) {
        let task = &mut self.tasks[number];
        let root = &self.fixture.root;
        let at = tip(root, &task.branch).unwrap().unwrap();
        let recovery = remove_worktree(
            &self.fixture.git,
            root,
            &task.path,
            &task.branch,
            &self.fixture.path().join("recovery"),
            number as i64,
            &self.count.to_string(),
        );
        self.count += 1;
        task.removed = Some((at, recovery.unwrap().reference.unwrap()));
    }

    fn restore(&mut self, number: usize) {
        let task = &mut self.tasks[number];
        let Some((at, recovery)) = task.removed.take() else {
            return;
        };
        restore_worktree(
            &self.fixture.git,
            &self.fixture.root,
            Some((&task.branch, &at)),
            Some(&task.path),
            Some(&recovery),
        )
        .unwrap();
    }

    /// Everything anybody has made is still there.
    fn check(&self) {
        let reachable = self.fixture.run(&["rev-list", "--all"]);
        for commit in &self.commits {
            assert!(reachable.contains(commit), "the commit {commit} is lost");
        }
        for task in &self.tasks {
            for (number, content) in &task.files {
                let name = file(*number);
                match &task.removed {
                    None => assert_eq!(&read(&task.path.join(name)), content),
                    Some((_, held)) => {
                        let shown = self.fixture.run(&["show", &format!("{held}:{name}")]);
                        assert_eq!(shown, content.trim());
                    }
                }
            }
        }
        if let Some(dirty) = &self.dirty {
            assert_eq!(&read(&self.fixture.root.join(file(0))), dirty);
        } else {
            assert_eq!(self.fixture.run(&["status", "--porcelain"]), "");
        }
    }
}

proptest! {
    // Each runs git some hundred times.
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 0, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_ever_lost(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
            world.check();
        }
    }
}
