use ratatui::style::{Color, Modifier};

use crate::domain::comment::{Place, PlaceLine};
use crate::domain::patch::Side;
use crate::domain::*;
use crate::protocol::*;
use crate::tui::model::{Model, Overlay};
use crate::tui::testing::*;
use crate::tui::theme::Theme;
use crate::tui::update::update;

const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (40, 12), (200, 50)];

const TEXT: &str = "diff --git a/src/login/session.rs b/src/login/session.rs
index 1..2 100644
--- a/src/login/session.rs
+++ b/src/login/session.rs
@@ -10,7 +10,9 @@ impl Session {
     /// Whether it is over.
     pub fn is_over(&self, now: Time) -> bool {
-        now > self.ends
+        // A session ends *at* its time.
+        now >= self.ends
     }
 
-    fn old(&self) {}
+    fn renew(&mut self, by: Duration) {
+\tself.ends += by; \u{202e}hidden\u{1b}[2J
+    }
 }
diff --git a/Cargo.lock b/Cargo.lock
index 1..2 100644
--- a/Cargo.lock
+++ b/Cargo.lock
@@ -1 +1 @@
-1
+2
diff --git a/docs/old name.md b/docs/new name.md
similarity index 100%
rename from docs/old name.md
rename to docs/new name.md
diff --git a/assets/logo.png b/assets/logo.png
new file mode 100644
Binary files /dev/null and b/assets/logo.png differ
diff --git a/run.sh b/run.sh
old mode 100644
new mode 100755
[left out, too large: data.bin]
";

fn comment(id: i64, number: u32, text: &str, sent: bool) -> Comment {
    Comment {
        id: CommentId(id),
        task: TaskId(12),
        place: Place {
            path: "src/login/session.rs".into(),
            line: Some(PlaceLine {
                number,
                before: 0,
                side: Side::New,
            }),
        },
        quote: String::new(),
        text: text.into(),
        made_at: minutes_ago(30),
        sent_at: sent.then(|| minutes_ago(20)),
    }
}

fn shown(size: (u16, u16), theme: Theme, background: Option<(u8, u8, u8)>) -> Model {
    let mut model = model_with(size, board(), theme);
    model.terminal.background = background;
    press(&mut model, "d");
    let Response::ReadChanges(mut page) = changes_page(TEXT) else {
        unreachable!()
    };
    page.comments = vec![
        comment(1, 13, "Is this tested at the very second it ends?", false),
        comment(2, 16, "Thank you.", true),
    ];
    update(
        &mut model,
        reply(read_changes(12), Response::ReadChanges(page)),
    );
    press_all(&mut model, &["j", "j", "j", "j"]);
    model
}

fn name(what: &str, size: (u16, u16)) -> String {
    format!("{what}_{}x{}", size.0, size.1)
}

#[test]
fn changes_at_every_size() {
    for size in SIZES {
        let mut model = shown(size, Theme::default(), None);
        insta::assert_snapshot!(name("changes", size), text(&model));
        press(&mut model, "s");
        insta::assert_snapshot!(name("changes_turned", size), text(&model));
    }
}

#[test]
fn without_colour_and_without_unicode() {
    let theme = Theme::load("gluon", None, true, true).unwrap();
    let model = shown((80, 24), theme, Some((0, 0, 0)));
    let text = text(&model);
    assert!(text.is_ascii(), "{text}");
    insta::assert_snapshot!("changes_ascii", text);
    let buf = buffer(&model);
    for cell in &buf.content {
        assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset));
    }
    insta::assert_snapshot!("changes_mono_bold", cells_with(&buf, Modifier::BOLD));
}

#[test]
fn nothing_in_a_file_acts_or_hides() {
    for size in SIZES {
        let mut model = shown(size, Theme::default(), None);
        press_all(&mut model, &["G", "g", "n", "N"]);
        let text = text(&model);
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
    }
    let model = shown((120, 40), Theme::default(), None);
    let text = text(&model);
    assert!(text.contains("<U+202E>hidden^[[2J"), "{text}");
}

#[test]
fn tints_follow_the_background() {
    let look = |background| {
        let model = shown((120, 40), Theme::default(), background);
        let buf = buffer(&model);
        let lines = lines_of(&buf);
        let y = lines
            .iter()
            .position(|line| line.contains("now >= self"))
            .unwrap();
        let x = lines[y].chars().position(|c| c == '+').unwrap() as u16;
        let cell = |x: u16| (buf[(x, y as u16)].fg, buf[(x, y as u16)].bg);
        // The sign, and a word of the language in a comment's line above.
        (cell(x), cell(x + 30))
    };
    let (dark, _) = look(Some((20, 20, 30)));
    let (light, _) = look(Some((250, 250, 240)));
    let (unknown, _) = look(None);
    assert!(matches!(dark.1, Color::Rgb(..)) && matches!(light.1, Color::Rgb(..)));
    assert_ne!(dark.1, light.1);
    assert_eq!(unknown, (Color::Green, Color::Reset));
}

#[test]
fn words_stand_there_while_there_is_nothing() {
    let mut model = model((80, 24));
    press(&mut model, "d");
    assert!(text(&model).contains("Reading the changes"));
    update(&mut model, reply(read_changes(12), changes_page("")));
    assert!(text(&model).contains("Nothing has changed yet."));
    press(&mut model, "r");
    update(
        &mut model,
        refusal(read_changes(12), ErrorCode::Failed, "the worktree is gone"),
    );
    assert!(text(&model).contains("the worktree is gone"));
    assert!(matches!(model.overlays[..], [Overlay::Changes(_)]));
}

#[test]
fn what_a_check_prints_stands_below_at_every_size() {
    for size in SIZES {
        let mut model = shown(size, Theme::default(), None);
        press(&mut model, "t");
        let report = CheckReport {
            check: CheckView {
                running: false,
                verdict: Some(check::Verdict::Failed(Exit::Code(101))),
                freshness: check::Freshness::Current,
                at: minutes_ago(1),
                took: 42_000,
            },
            command: "cargo test --workspace".into(),
            output: "test a_session_ends ... ok\n".repeat(30) + "test it_renews ... FAILED\n",
        };
        let asked = Request::CheckTask(TaskId(12));
        update(&mut model, reply(asked, Response::CheckTask(report)));
        let text = text(&model);
        assert!(text.contains("failed with code 101"), "{text}");
        assert!(text.contains("it_renews ... FAILED"), "the end is in sight");
        insta::assert_snapshot!(name("changes_check", size), text);
    }
}
