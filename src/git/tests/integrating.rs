//! Integrating: every way, what stands in its way, odd files, and a crash at every step.

use std::cell::Cell;
use std::os::unix::fs::PermissionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use super::super::integrate::{
    Bench, Plan, assess, carry_out, prepare, release, revert, take_back, unwatched,
};
use super::super::{GitError, Result, Worktree};
use super::{Fixture, commit, git, read, script, write};
use crate::domain::accept::{Landing, Way};

const WAYS: [Way; 4] = [Way::Merge, Way::Squash, Way::Rebase, Way::FastForward];

/// A repository with `main` checked out, and a task's worktree beside it.
struct Setup {
    fixture: Fixture,
    tree: Worktree,
}

impl Setup {
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
        let tree = fixture.worktree();
        Self { fixture, tree }
    }

    /// The same with two commits of the task's and one of main's, in other files.
    fn worked() -> Self {
        let setup = Self::new();
        setup.work("task.txt", "task\n", "task one");
        setup.work("a.txt", "one\ntwo\nTHREE\n", "task two");
        setup.fixture.write("dir/b.txt", "main\n");
        setup.fixture.commit("main moves");
        setup
    }

    fn work(&self, path: &str, content: &str, message: &str) -> String {
        write(&self.tree.path.join(path), content);
        commit(&self.tree.path, message)
    }

    fn plan(&self, way: Way) -> Plan {
        Plan {
            root: self.fixture.root.clone(),
            worktree: Some(self.tree.path.clone()),
            branch: self.tree.branch.clone(),
            base_commit: self.tree.base_commit.clone(),
            target: "main".to_owned(),
            way,
            message: "The task\n\nWhat it did.\n# not a comment".to_owned(),
            commit: true,
            hooks: true,
            hold: "refs/gluon/operations/1".to_owned(),
        }
    }

    fn bench(&self) -> PathBuf {
        self.fixture.path().join("bench")
    }

    fn prepare(&self, plan: &Plan) -> Result<Landing> {
        let git = &self.fixture.git;
        let bench = Bench::open(git, &plan.root, &self.bench(), "main")?;
        prepare(git, plan, &bench, &unwatched)
    }

    fn accept(&self, way: Way) -> Result<Landing> {
        self.accept_as(&self.plan(way))
    }

    fn accept_as(&self, plan: &Plan) -> Result<Landing> {
        let landing = self.prepare(plan)?;
        self.carry_out(&landing)?;
        release(&self.fixture.git, &plan.root, &landing);
        Ok(landing)
    }

    fn carry_out(&self, landing: &Landing) -> Result<Vec<String>> {
        carry_out(&self.fixture.git, &self.fixture.root, landing, &unwatched)
    }

    fn take_back(&self, landing: &Landing) -> Result<Vec<String>> {
        take_back(&self.fixture.git, &self.fixture.root, landing, &unwatched)
    }

    /// Branches, and what git says of both checkouts: everything a crash could leave half done.
    fn state(&self) -> String {
        let status = ["status", "--porcelain=v1", "-z", "--untracked-files=all"];
        format!(
            "{}\n{:?}\n{:?}",
            self.fixture.run(&["for-each-ref", "refs/heads"]),
            git(&self.fixture.root, &status),
            git(&self.tree.path, &status),
        )
    }

    fn main(&self) -> String {
        self.fixture.run(&["rev-parse", "main"])
    }
}

#[test]
fn every_way_brings_the_work_and_can_be_taken_back() {
    for (way, subjects) in [
        (
            Way::Merge,
            "The task\nmain moves\ntask two\ntask one\nfirst",
        ),
        (Way::Squash, "The task\nmain moves\nfirst"),
        (Way::Rebase, "task two\ntask one\nmain moves\nfirst"),
    ] {
        let setup = Setup::worked();
        let before = setup.state();
        let landing = setup.accept(way).unwrap();
        let log = ["log", "--format=%s", "--date-order", "main"];
        let mut found: Vec<String> = setup.fixture.run(&log).lines().map(str::to_owned).collect();
        let mut wanted: Vec<&str> = subjects.lines().collect();
        // Commits of the same second have no order of their own.
        found.sort();
        wanted.sort_unstable();
        assert_eq!(found, wanted, "{way:?}");
        // The checkout moved along: index, files and all.
        assert_eq!(read(&setup.fixture.root.join("task.txt")), "task\n");
        assert_eq!(read(&setup.fixture.root.join("dir/b.txt")), "main\n");
        assert_eq!(setup.fixture.run(&["status", "--porcelain"]), "", "{way:?}");
        assert_eq!(setup.fixture.run(&["for-each-ref", "refs/gluon"]), "");
        let message = setup.fixture.run(&["log", "-1", "--format=%B", "main"]);
        if way.takes_message() {
            assert_eq!(message, "The task\n\nWhat it did.\n# not a comment");
        }
        setup.take_back(&landing).unwrap();
        assert_eq!(setup.state(), before, "{way:?}");
        // Taken back twice is taken back once.
        setup.take_back(&landing).unwrap();
        assert_eq!(setup.state(), before);
    }
}

#[test]
fn a_fast_forward_needs_a_target_that_stayed() {
    let setup = Setup::worked();
    let error = setup.accept(Way::FastForward).unwrap_err();
    assert!(matches!(error, GitError::NotFastForward { .. }), "{error}");
    let setup = Setup::new();
    let tip = setup.work("x", "x", "x");
    setup.accept(Way::FastForward).unwrap();
    assert_eq!(setup.main(), tip);
    // What is there already moves nothing.
    for way in WAYS {
        let landing = setup.accept(way).unwrap();
        assert!(!landing.target.unwrap().is_real(), "{way:?}");
        assert_eq!(setup.main(), tip);
    }
    assert!(
        assess(&setup.fixture.git, &setup.plan(Way::Merge))
            .unwrap()
            .merged
    );
}

#[test]
fn what_is_not_committed_is_committed_and_comes_back_uncommitted() {
    for way in [Way::Merge, Way::Squash, Way::Rebase, Way::Leave] {
        let setup = Setup::worked();
        write(&setup.tree.path.join("new file"), "new\n");
        write(&setup.tree.path.join("task.txt"), "changed\n");
        let before = setup.state();
        let refusing = Plan {
            commit: false,
            ..setup.plan(way)
        };
        let error = setup.accept_as(&refusing).unwrap_err();
        assert!(matches!(error, GitError::Uncommitted(2)), "{error}");
        assert_eq!(setup.state(), before);

        let landing = setup.accept(way).unwrap();
        assert_eq!(git(&setup.tree.path, &["status", "--porcelain"]), "");
        let branch = git(&setup.tree.path, &["show", "HEAD:new file"]);
        assert_eq!(branch, "new");
        if way != Way::Leave {
            let shown = setup.fixture.run(&["show", "main:task.txt"]);
            assert_eq!(shown, "changed", "{way:?}");
        }
        setup.take_back(&landing).unwrap();
        assert_eq!(setup.state(), before, "{way:?}");
    }
}

#[test]
fn a_checkout_with_changes_is_never_touched() {
    let setup = Setup::worked();
    setup.fixture.write("a.txt", "the user's\n");
    let before = setup.state();
    for way in [Way::Merge, Way::Squash, Way::Rebase] {
        let error = setup.accept(way).unwrap_err();
        assert!(matches!(error, GitError::CheckoutDirty { .. }), "{error}");
        assert_eq!(setup.state(), before);
    }
    // A new file of the user's that is in the way, ignored or not, stays as well.
    setup.fixture.run(&["checkout", "-q", "a.txt"]);
    write(&setup.fixture.root.join(".git/info/exclude"), "task.txt\n");
    setup.fixture.write("task.txt", "ignored, but mine\n");
    let before = setup.main();
    setup.accept(Way::Squash).unwrap_err();
    assert_eq!(setup.main(), before);
    assert_eq!(
        read(&setup.fixture.root.join("task.txt")),
        "ignored, but mine\n"
    );
}

#[test]
fn a_target_in_the_middle_of_something_is_left_alone() {
    let setup = Setup::worked();
    setup.fixture.run(&["bisect", "start"]);
    let error = setup.accept(Way::Merge).unwrap_err();
    assert!(matches!(error, GitError::UnderWay { .. }), "{error}");
    setup.fixture.run(&["bisect", "reset"]);
    // Not checked out anywhere, it just moves.
    setup.fixture.run(&["checkout", "-q", "--detach"]);
    setup.accept(Way::Merge).unwrap();
    assert_eq!(setup.fixture.run(&["show", "main:task.txt"]), "task");
    assert_eq!(setup.fixture.run(&["status", "--porcelain"]), "");
}

#[test]
fn a_conflict_is_told_with_its_files_and_moves_nothing() {
    for way in [Way::Merge, Way::Squash, Way::Rebase] {
        let setup = Setup::worked();
        setup.fixture.write("a.txt", "one\ntwo\nthird\n");
        setup.fixture.commit("main too");
        let before = setup.state();
        let found = assess(&setup.fixture.git, &setup.plan(way)).unwrap();
        assert_eq!(found.conflicts, ["a.txt"], "{way:?}");
        let GitError::Conflict { files, output, .. } = setup.accept(way).unwrap_err() else {
            panic!("{way:?}");
        };
        assert_eq!(files, ["a.txt"]);
        assert!(
            output.contains("THREE") && output.contains("third"),
            "{output}"
        );
        assert_eq!(setup.state(), before);
        // The bench is none the worse for it.
        let plan = setup.plan(Way::Leave);
        setup.accept_as(&plan).unwrap();
    }
}

#[test]
fn hooks_are_heard() {
    let setup = Setup::worked();
    let hooks = setup.fixture.root.join(".git/hooks");
    setup
        .fixture
        .run(&["config", "core.hooksPath", hooks.to_str().unwrap()]);
    script(
        &hooks.join("pre-commit"),
        "#!/bin/sh\necho no good >&2\nexit 1\n",
    );
    script(
        &hooks.join("pre-merge-commit"),
        "#!/bin/sh\necho no merge >&2\nexit 1\n",
    );
    let before = setup.state();
    for (way, words) in [(Way::Squash, "no good"), (Way::Merge, "no merge")] {
        let GitError::Rejected { output, .. } = setup.accept(way).unwrap_err() else {
            panic!("{way:?}");
        };
        assert!(output.contains(words), "{output}");
        assert_eq!(setup.state(), before);
    }
    let without = Plan {
        hooks: false,
        ..setup.plan(Way::Squash)
    };
    let landing = setup.accept_as(&without).unwrap();
    setup.take_back(&landing).unwrap();

    // A hook that changes what is committed: the worktree follows, and back.
    script(
        &hooks.join("pre-commit"),
        "#!/bin/sh\nprintf 'formatted\\n' > loose.txt\ngit add loose.txt\n",
    );
    std::fs::remove_file(hooks.join("pre-merge-commit")).unwrap();
    write(&setup.tree.path.join("loose.txt"), "as  it  was\n");
    let before = setup.state();
    let landing = setup.accept(Way::Merge).unwrap();
    assert_eq!(read(&setup.tree.path.join("loose.txt")), "formatted\n");
    assert_eq!(git(&setup.tree.path, &["status", "--porcelain"]), "");
    setup.take_back(&landing).unwrap();
    assert_eq!(setup.state(), before);
    assert_eq!(read(&setup.tree.path.join("loose.txt")), "as  it  was\n");
}

#[test]
fn commits_are_signed_where_the_user_signs() {
    let setup = Setup::worked();
    let program = setup.fixture.path().join("sign");
    script(
        &program,
        "#!/bin/sh\ncat >/dev/null\nprintf -- '-----BEGIN PGP SIGNATURE-----\\n\\nx\\n-----END PGP SIGNATURE-----\\n'\nprintf '\\n[GNUPG:] SIG_CREATED D\\n' >&2\n",
    );
    setup
        .fixture
        .run(&["config", "gpg.program", program.to_str().unwrap()]);
    setup.fixture.run(&["config", "commit.gpgSign", "true"]);
    setup.fixture.run(&["config", "user.signingKey", "x"]);
    for way in [Way::Merge, Way::Squash, Way::Rebase] {
        let landing = setup.accept(way).unwrap();
        let commit = setup.fixture.run(&["cat-file", "commit", "main"]);
        assert!(commit.contains("gpgsig"), "{way:?}: {commit}");
        setup.take_back(&landing).unwrap();
    }
    setup.fixture.run(&["config", "gpg.program", "false"]);
    let before = setup.state();
    setup.accept(Way::Squash).unwrap_err();
    assert_eq!(setup.state(), before);
}

#[test]
fn a_target_that_moves_meanwhile_is_not_overwritten() {
    let setup = Setup::worked();
    let landing = setup.prepare(&setup.plan(Way::Squash)).unwrap();
    setup.fixture.write("late.txt", "late\n");
    setup.fixture.commit("late");
    let before = setup.state();
    let error = setup.carry_out(&landing).unwrap_err();
    assert!(matches!(error, GitError::TargetMoved(_)), "{error}");
    assert_eq!(setup.state(), before);

    // Taken back it is not either; but a commit on top can do it.
    let landing = setup.accept(Way::Squash).unwrap();
    setup.fixture.write("on-top.txt", "on top\n");
    setup.fixture.commit("on top");
    let before = setup.state();
    let error = setup.take_back(&landing).unwrap_err();
    assert!(
        matches!(error, GitError::BuiltUpon { commits: 1, .. }),
        "{error}"
    );
    assert_eq!(setup.state(), before);
    let root = &setup.fixture.root;
    let bench = Bench::open(&setup.fixture.git, root, &setup.bench(), "main").unwrap();
    let back = revert(&setup.fixture.git, root, &bench, &landing, "Revert", true).unwrap();
    setup.carry_out(&back).unwrap();
    assert!(!root.join("task.txt").exists());
    assert_eq!(read(&root.join("on-top.txt")), "on top\n");
    assert_eq!(setup.fixture.run(&["status", "--porcelain"]), "");
}

#[test]
fn a_rewritten_base_does_not_come_back_by_squash_or_rebase() {
    let setup = Setup::new();
    // The task starts from a commit that main is rewritten without.
    setup.fixture.write("dropped.txt", "dropped\n");
    setup.fixture.commit("dropped");
    let start = setup.main();
    git(&setup.tree.path, &["reset", "-q", "--hard", "main"]);
    setup.work("task.txt", "task\n", "task");
    setup.fixture.run(&["reset", "-q", "--hard", "HEAD~1"]);
    setup.fixture.write("dir/b.txt", "rewritten\n");
    setup.fixture.commit("rewritten");
    for way in [Way::Squash, Way::Rebase] {
        let plan = Plan {
            base_commit: start.clone(),
            ..setup.plan(way)
        };
        let found = assess(&setup.fixture.git, &plan).unwrap();
        assert_eq!((found.resurrected, found.files), (0, 1));
        let landing = setup.accept_as(&plan).unwrap();
        assert!(!setup.fixture.root.join("dropped.txt").exists(), "{way:?}");
        assert!(setup.fixture.root.join("task.txt").exists());
        setup.take_back(&landing).unwrap();
    }
    let plan = Plan {
        base_commit: start,
        ..setup.plan(Way::Merge)
    };
    assert_eq!(assess(&setup.fixture.git, &plan).unwrap().resurrected, 1);
}

#[test]
fn odd_files_arrive_as_they_are() {
    let setup = Setup::worked();
    let dir = &setup.tree.path;
    let odd = [
        "with space",
        "line\nbreak",
        "-dash",
        "\"quote\"",
        "naïve",
        ":(top)x",
        "\t",
    ];
    for name in odd {
        write(&dir.join("odd").join(name), name);
    }
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::ffi::OsStrExt;
        let latin = std::ffi::OsStr::from_bytes(b"caf\xe9");
        std::fs::write(dir.join("odd").join(latin), b"\xe9\0\xff").unwrap();
    }
    std::os::unix::fs::symlink("nowhere/at all", dir.join("link")).unwrap();
    write(&dir.join("crlf.txt"), "one\r\ntwo\r\n");
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(dir.join("a.txt"), mode).unwrap();
    // A file becomes a directory.
    std::fs::remove_file(dir.join("dir/b.txt")).unwrap();
    write(&dir.join("dir/b.txt.d/c"), "c");
    setup.fixture.run(&["reset", "-q", "--hard", "HEAD~1"]);
    for way in [Way::Merge, Way::Squash, Way::Rebase] {
        let before = setup.state();
        let landing = setup.accept(way).unwrap();
        let root = &setup.fixture.root;
        for name in odd {
            assert_eq!(read(&root.join("odd").join(name)), name);
        }
        assert_eq!(read(&root.join("crlf.txt")), "one\r\ntwo\r\n");
        let link = std::fs::read_link(root.join("link")).unwrap();
        assert_eq!(link.to_str(), Some("nowhere/at all"));
        let mode = root.join("a.txt").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o111, 0o111);
        assert_eq!(setup.fixture.run(&["status", "--porcelain"]), "");
        setup.take_back(&landing).unwrap();
        assert_eq!(setup.state(), before, "{way:?}");
    }
}

#[test]
fn line_endings_and_large_files_are_the_filters_business() {
    let setup = Setup::worked();
    let dir = &setup.tree.path;
    // Large files whose program is not installed: pointers travel as they are.
    write(
        &dir.join(".gitattributes"),
        "*.txt text=auto\n*.bin filter=lfs diff=lfs merge=lfs -text\n",
    );
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
    write(&dir.join("big.bin"), pointer);
    write(&dir.join("mixed.txt"), "one\r\ntwo\n");
    for (key, value) in [
        ("filter.lfs.clean", "gluon-no-such-program"),
        ("filter.lfs.smudge", "gluon-no-such-program"),
        ("filter.lfs.required", "true"),
        ("core.autocrlf", "input"),
        ("core.safecrlf", "true"),
    ] {
        setup.fixture.run(&["config", key, value]);
    }
    let landing = setup.accept(Way::Squash).unwrap();
    assert_eq!(read(&setup.fixture.root.join("big.bin")), pointer);
    setup.take_back(&landing).unwrap();
    assert!(dir.join("big.bin").exists());
}

#[test]
fn a_change_of_the_same_second_and_size_is_seen() {
    let setup = Setup::new();
    let (dir, git_dir) = (
        &setup.tree.path,
        git(&setup.tree.path, &["rev-parse", "--absolute-git-dir"]),
    );
    setup.fixture.run(&["config", "core.trustctime", "false"]);
    let then = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    let set = |path: &std::path::Path| {
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.set_modified(then).unwrap();
    };
    let (file, index) = (dir.join("a.txt"), PathBuf::from(&git_dir).join("index"));
    set(&file);
    git(dir, &["update-index", "--refresh"]);
    // In the second in which the index was written, and as long as before.
    std::fs::write(&file, "one\ntwo\nTHREE\n").unwrap();
    set(&file);
    set(&index);
    let seen = super::super::fingerprint(&setup.fixture.git, dir).unwrap();
    let before = git(dir, &["rev-parse", "HEAD^{tree}"]);
    assert_ne!(seen.tree, before);
}

#[test]
fn a_submodule_moves_as_a_commit_and_a_clone_inside_is_refused() {
    let setup = Setup::worked();
    let library = Fixture::named("library");
    let url = library.root.to_str().unwrap();
    git(
        &setup.tree.path,
        &["submodule", "add", "-q", url, "library"],
    );
    commit(&setup.tree.path, "library");
    setup.accept(Way::Merge).unwrap();
    let entry = setup.fixture.run(&["ls-tree", "main", "library"]);
    assert!(entry.starts_with("160000 commit"), "{entry}");

    let inner = setup.tree.path.join("clone");
    std::fs::create_dir(&inner).unwrap();
    git(&inner, &["init", "-q"]);
    write(&inner.join("x"), "x");
    git(&inner, &["add", "-A"]);
    git(
        &inner,
        &[
            "-c",
            "user.name=A",
            "-c",
            "user.email=a@b",
            "commit",
            "-q",
            "-m",
            "x",
        ],
    );
    let before = setup.main();
    let error = setup.accept(Way::Merge).unwrap_err();
    assert!(matches!(error, GitError::NestedWork(_)), "{error}");
    assert_eq!(setup.main(), before);
}

#[test]
fn work_on_a_branch_of_the_agents_own_is_taken_if_it_continues() {
    let setup = Setup::worked();
    git(&setup.tree.path, &["checkout", "-q", "-b", "feature"]);
    setup.work("more.txt", "more\n", "more");
    setup.accept(Way::Merge).unwrap();
    assert_eq!(setup.fixture.run(&["show", "main:more.txt"]), "more");
    git(&setup.tree.path, &["checkout", "-q", "--orphan", "other"]);
    commit(&setup.tree.path, "other");
    let error = setup.accept(Way::Merge).unwrap_err();
    assert!(matches!(error, GitError::Elsewhere { .. }), "{error}");
}

/// Runs `work` until the `count`th step, where it ends as if killed; whether it came that far.
fn killed_at(count: usize, work: impl FnOnce(&dyn Fn(&'static str))) -> bool {
    let left = Cell::new(count);
    let step = |_: &'static str| {
        if left.get() == 0 {
            std::panic::panic_any("killed");
        }
        left.set(left.get() - 1);
    };
    catch_unwind(AssertUnwindSafe(|| work(&step))).is_err()
}

#[test]
fn a_kill_at_every_step_leaves_before_or_after() {
    std::panic::set_hook(Box::new(|info| {
        if info.payload().downcast_ref::<&str>() != Some(&"killed") {
            eprintln!("{info}");
        }
    }));
    for way in [Way::Merge, Way::Squash, Way::Rebase] {
        for count in 0.. {
            let setup = Setup::worked();
            write(&setup.tree.path.join("loose.txt"), "loose\n");
            let before = setup.state();
            let (git, root) = (&setup.fixture.git, &setup.fixture.root);
            let known = Cell::new(None);
            let killed = killed_at(count, |step| {
                let bench = Bench::open(git, root, &setup.bench(), "main").unwrap();
                let landing = prepare(git, &setup.plan(way), &bench, step).unwrap();
                // From here on it is in the journal.
                known.set(Some(landing.clone()));
                carry_out(git, root, &landing, step).unwrap();
            });
            let Some(landing) = known.take() else {
                assert_eq!(setup.state(), before, "{way:?} {count}");
                continue;
            };
            setup.carry_out(&landing).unwrap();
            let after = setup.state();
            assert_ne!(after, before);
            assert_eq!(setup.fixture.run(&["status", "--porcelain"]), "");
            assert_eq!(git::status(&setup.tree.path), "");
            if killed {
                continue;
            }
            assert!(count >= 5, "the steps were counted: {count}");
            // And back, killed at every step.
            for back in 0.. {
                let cut = killed_at(back, |step| {
                    take_back(git, root, &landing, step).unwrap();
                });
                setup.take_back(&landing).unwrap();
                assert_eq!(setup.state(), before, "{way:?} {back}");
                if !cut {
                    break;
                }
                setup.carry_out(&landing).unwrap();
            }
            break;
        }
    }
}

#[test]
fn a_checkout_cut_short_between_two_commits_is_finished() {
    let setup = Setup::worked();
    let landing = setup.prepare(&setup.plan(Way::Squash)).unwrap();
    let target = landing.target.clone().unwrap();
    // As git is killed while it writes files: some are there, the index is of before.
    let new = setup
        .fixture
        .run(&["show", &format!("{}:task.txt", target.to)]);
    let notes = setup.fixture.root.join("notes");
    for changed in [&[][..], &["a.txt"]] {
        setup.fixture.write("task.txt", &format!("{new}\n"));
        for path in changed {
            setup.fixture.write(path, "one\ntwo\nTHREE\n");
        }
        // A file of the user's that git does not know is none of it.
        write(&notes, "mine\n");
        setup.carry_out(&landing).unwrap();
        assert_eq!(setup.main(), target.to);
        assert_eq!(read(&notes), "mine\n");
        std::fs::remove_file(&notes).unwrap();
        assert_eq!(setup.fixture.run(&["status", "--porcelain"]), "");
        setup.take_back(&landing).unwrap();
    }
    setup.carry_out(&landing).unwrap();
    assert_eq!(setup.fixture.run(&["status", "--porcelain"]), "");
    setup.take_back(&landing).unwrap();
    // A line of the user's among them: nothing is touched.
    setup.fixture.write("task.txt", &format!("{new}\n"));
    setup.fixture.write("a.txt", "the user's\n");
    let before = setup.state();
    setup.carry_out(&landing).unwrap_err();
    assert_eq!(setup.state(), before);
}

mod git {
    /// What git says of a checkout.
    pub(super) fn status(dir: &std::path::Path) -> String {
        super::super::git(dir, &["status", "--porcelain"])
    }
}
