use super::*;

fn shape(patch: &Patch) -> Vec<String> {
    let file = |file: &FilePatch| {
        let from = file.from.as_deref().map(|from| format!("{from} → "));
        let modes = file
            .modes
            .as_ref()
            .map(|(old, new)| format!(" {old}>{new}"));
        format!(
            "{} {}{}{}{} +{} -{} {}",
            file.change.letter(),
            from.unwrap_or_default(),
            file.path,
            if file.binary { " binary" } else { "" },
            modes.unwrap_or_default(),
            file.added,
            file.removed,
            file.hunks.len(),
        )
    };
    patch.files.iter().map(file).collect()
}

#[test]
fn every_kind_of_file_is_named() {
    let table = [
        (
            "diff --git a/src/a.rs b/src/a.rs\nindex 1..2 100644\n--- a/src/a.rs\n+++ b/src/a.rs\n\
             @@ -1,2 +1,2 @@ fn main\n-old\n+new\n same\n",
            "M src/a.rs +1 -1 1",
        ),
        (
            "diff --git a/n b/n\nnew file mode 100644\nindex 0..1\n--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+x\n",
            "A n +1 -0 1",
        ),
        (
            "diff --git a/o b/o\ndeleted file mode 100644\n--- a/o\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n",
            "D o +0 -1 1",
        ),
        (
            "diff --git a/old name b/new name\nsimilarity index 100%\nrename from old name\nrename to new name\n",
            "R old name → new name +0 -0 0",
        ),
        (
            "diff --git a/a b/b\ncopy from a\ncopy to b\n",
            "C a → b +0 -0 0",
        ),
        (
            "diff --git a/run b/run\nold mode 100644\nnew mode 100755\n",
            "M run 100644>100755 +0 -0 0",
        ),
        (
            "diff --git a/p.png b/p.png\nindex 1..2 100644\nBinary files a/p.png and b/p.png differ\n",
            "M p.png binary +0 -0 0",
        ),
        (
            "diff --git \"a/\\303\\244\\t\\\"b\" \"b/\\303\\244\\t\\\"b\"\nnew file mode 100644\n",
            "A ä\t\"b +0 -0 0",
        ),
        (
            "diff --git a/with blank b/with blank\n--- a/with blank\t\n+++ b/with blank\t\n@@ -1 +1 @@\n-a\n+b\n",
            "M with blank +1 -1 1",
        ),
        (
            "diff --git a/empty b/empty\nnew file mode 100644\nindex 000..e69\n",
            "A empty +0 -0 0",
        ),
    ];
    for (text, expected) in table {
        assert_eq!(shape(&Patch::read(text)), [expected], "{text}");
    }
}

#[test]
fn a_hunks_counts_decide_where_it_ends() {
    let text = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,3 +1,3 @@\n--- a/other\n-diff --git a/x b/x\n\
                +++ b/other\n+@@ -1 +1 @@\n same\n@@ -9 +9 @@ fn later()\n-x\n+y\n\\ No newline at end of file\n\
                diff --git a/b b/b\nnew file mode 100644\n";
    let patch = Patch::read(text);
    assert_eq!(shape(&patch), ["M a +3 -3 2", "A b +0 -0 0"]);
    let first = &patch.files[0].hunks[0];
    let lines: Vec<_> = first
        .lines
        .iter()
        .map(|line| (line.old, line.new, &*line.text))
        .collect();
    assert_eq!(
        lines,
        [
            (1, 0, "-- a/other"),
            (2, 0, "diff --git a/x b/x"),
            (0, 1, "++ b/other"),
            (0, 2, "@@ -1 +1 @@"),
            (3, 3, "same"),
        ]
    );
    let second = &patch.files[0].hunks[1];
    assert_eq!((second.old, &*second.heading), (9, "fn later()"));
    let ends: Vec<bool> = second.lines.iter().map(|line| line.unended).collect();
    assert_eq!(ends, [false, true]);
    assert_eq!(patch.counts(), (3, 3));
}

#[test]
fn what_is_said_beside_it_is_kept() {
    let text = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n+y\n\
                [left out, too large: big.bin]\n[cut: more than 8 MiB]\n";
    let patch = Patch::read(text);
    assert_eq!(shape(&patch), ["M a +1 -1 1"]);
    assert_eq!(
        patch.notes,
        ["left out, too large: big.bin", "cut: more than 8 MiB"]
    );
}

#[test]
fn a_submodule_is_told_from_a_file() {
    let head = "diff --git a/sub b/sub\nindex 1..2 160000\n--- a/sub\n+++ b/sub\n@@ -1 +1 @@\n";
    let moved = format!("{head}-Subproject commit 1111\n+Subproject commit 2222\n");
    assert!(Patch::read(&moved).files[0].is_submodule());
    let file = format!("{head}-Subproject commit 1111\n+a file now\n");
    assert!(!Patch::read(&file).files[0].is_submodule());
}

proptest::proptest! {
    #[test]
    fn reading_never_fails(text in "(diff --git a/|b/x|@@ -1,9|@@ |[-+ \\\\]|\\PC|\n|\"|\\[|\\]|4294967295){0,60}") {
        let patch = Patch::read(&text);
        let lines: usize = patch.files.iter().flat_map(|f| &f.hunks).map(|h| h.lines.len()).sum();
        proptest::prop_assert!(lines <= text.lines().count());
    }
}
