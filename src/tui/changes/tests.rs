//! Reading, moving, folding and commenting, as tables of what happens.

use super::*;
use crate::domain::comment::PlaceLine;
use crate::tui::keymap::Action;

const TEXT: &str = "diff --git a/Cargo.lock b/Cargo.lock\n--- a/Cargo.lock\n+++ b/Cargo.lock\n@@ -1 +1 @@\n-1\n+2\n\
diff --git a/src/a.rs b/src/a.rs\n--- a/src/a.rs\n+++ b/src/a.rs\n@@ -1,3 +1,4 @@\n fn main() {\n-    one();\n\
+    two();\n+    three();\n }\n@@ -10,2 +11,2 @@\n-old\n+new\n end\n\
diff --git a/z.png b/z.png\nnew file mode 100644\nBinary files /dev/null and b/z.png differ\n";

fn page_of(text: &str, offset: u64, total: u64) -> ChangesPage {
    ChangesPage {
        version: 5,
        offset,
        total,
        text: text.into(),
        ..ChangesPage::default()
    }
}

fn loaded() -> Changes {
    let mut page = Changes::new(TaskId(1));
    page.size = (80, 20);
    let ask = page.ask();
    let whole = page_of(TEXT, 0, TEXT.len() as u64);
    assert_eq!(page.come(&ask, whole), None);
    page
}

fn here(page: &Changes) -> String {
    let row = &page.rows()[page.cursor];
    let path = &page.patch.files[row.file as usize].path;
    match page.line(row) {
        Some((line, _)) => format!("{path}: {}", line.text.trim()),
        None => format!("{path} {:?}", row.kind),
    }
}

#[test]
fn pages_are_put_together_and_the_first_is_shown_at_once() {
    let mut page = Changes::new(TaskId(1));
    page.size = (80, 20);
    let ask = page.ask();
    let (first, rest) = TEXT.split_at(TEXT.find("+    two").unwrap());
    let total = TEXT.len() as u64;
    let next = page.come(&ask, page_of(first, 0, total)).unwrap();
    assert_eq!((next.offset, next.version), (first.len() as u64, Some(5)));
    assert!(page.loaded && page.is_partial());
    assert_eq!(page.patch.files.len(), 2);
    // An answer to what is no longer asked counts for nothing.
    assert_eq!(page.come(&ask, page_of("x", 0, 1)), None);
    assert_eq!(
        page.come(&next, page_of(rest, first.len() as u64, total)),
        None
    );
    assert!(!page.is_partial());
    assert_eq!(page.patch, Patch::read(TEXT));
}

#[test]
fn files_that_nobody_reads_are_folded_at_first() {
    let page = loaded();
    let folded: Vec<bool> = page
        .patch
        .files
        .iter()
        .map(|file| page.is_folded(file))
        .collect();
    assert_eq!(folded, [true, false, false]);
}

#[test]
fn keys_move_by_rows_hunks_and_files() {
    let mut page = loaded();
    assert_eq!(here(&page), "Cargo.lock File");
    for (action, expected) in [
        (Action::NextFile, "src/a.rs File"),
        (Action::NextHunk, "src/a.rs Hunk(0)"),
        (Action::RowDown, "src/a.rs: fn main() {"),
        (Action::NextHunk, "src/a.rs Hunk(1)"),
        (Action::NextFile, "z.png File"),
        (Action::NextFile, "z.png File"),
        (Action::PreviousHunk, "src/a.rs Hunk(1)"),
        (Action::PreviousFile, "src/a.rs File"),
        (Action::ViewBottom, "z.png Note"),
        (Action::ViewTop, "Cargo.lock File"),
    ] {
        page.act(action);
        assert_eq!(here(&page), expected, "{action:?}");
    }
    assert_eq!(page.act(Action::Accept), None, "not about moving");
}

#[test]
fn the_place_is_kept_when_rows_change() {
    let mut page = loaded();
    page.search = "three".into();
    assert!(page.find(true));
    assert_eq!(here(&page), "src/a.rs: three();");
    page.turn();
    assert!(page.is_beside());
    assert_eq!(here(&page), "src/a.rs: three();");
    // The agent has put a line before it.
    let text = TEXT.replace("@@ -1,3 +1,4 @@\n", "@@ -1,3 +1,5 @@\n+// new\n");
    let ask = page.ask();
    page.come(&ask, page_of(&text, 0, text.len() as u64));
    assert_eq!(here(&page), "src/a.rs: two();", "line 3, where three stood");
    page.fold(false);
    assert_eq!(here(&page), "src/a.rs File");
    page.fold(false);
    page.view();
    assert_eq!(here(&page), "z.png File");
    assert!(page.viewed.contains("src/a.rs"));
    page.search = "Nothing has this".into();
    assert!(!page.find(true));
}

#[test]
fn comments_know_their_lines() {
    for (search, selects, whole, expected) in [
        ("three", 0, false, "src/a.rs:3"),
        ("one", 0, false, "src/a.rs:2 (as it was)"),
        ("two", 1, false, "src/a.rs:2-3"),
        // Of what is gone and what came in its place, what came is meant.
        ("one", 2, false, "src/a.rs:2-3"),
        ("one", 0, true, "src/a.rs"),
    ] {
        let mut page = loaded();
        page.search = search.into();
        assert!(page.find(true));
        if selects > 0 {
            page.act(Action::SelectRange);
            for _ in 0..selects {
                page.act(Action::RowDown);
            }
        }
        let writing = page.comment(whole).unwrap();
        assert_eq!(writing.place.words(), expected, "{search}");
    }
    let mut page = loaded();
    assert_eq!(page.comment(false).unwrap().place.words(), "Cargo.lock");
    page.act(Action::NextHunk);
    assert_eq!(page.comment(false).unwrap().place.words(), "src/a.rs:1-4");
}

#[test]
fn a_comment_stands_below_its_line_and_can_be_found_from_there() {
    let mut page = loaded();
    page.set_comments(vec![Comment {
        id: CommentId(3),
        task: TaskId(1),
        place: Place {
            path: "src/a.rs".into(),
            line: Some(PlaceLine {
                number: 3,
                before: 0,
                side: Side::New,
            }),
        },
        quote: "three();".into(),
        text: "Why three?\n\n".to_owned() + &"word ".repeat(400),
        made_at: Timestamp(0),
        sent_at: None,
    }]);
    page.search = "three".into();
    page.find(true);
    assert_eq!(
        page.comment_here().map(|comment| comment.id),
        Some(CommentId(3))
    );
    page.act(Action::RowDown);
    assert!(here(&page).contains("Comment"), "{}", here(&page));
    let rows = page.rows().iter();
    let lines = rows.filter(|row| matches!(row.kind, RowKind::Comment { .. }));
    assert_eq!(lines.count(), 1 + COMMENT_LINES);
    assert_eq!(page.unsent(), 1);
}

#[test]
fn a_hundred_thousand_lines_are_arranged() {
    let mut text = String::from("diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -0,0 +1,100000 @@\n");
    (0..100_000).for_each(|line| text.push_str(&format!("+line {line}\n")));
    let mut page = Changes::new(TaskId(1));
    page.size = (120, 40);
    let ask = page.ask();
    page.come(&ask, page_of(&text, 0, text.len() as u64));
    assert_eq!(page.rows().len(), 2, "folded at first");
    page.fold(false);
    assert_eq!(page.rows().len(), 100_002);
    page.act(Action::ViewBottom);
    page.fit((120, 40));
    assert_eq!(here(&page), "a: line 99999");
    assert_eq!(page.scroll, 100_002 - 40);
}
