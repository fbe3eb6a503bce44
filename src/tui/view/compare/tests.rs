use ratatui::style::Color;

use crate::protocol::*;
use crate::tui::model::Model;
use crate::tui::testing::*;
use crate::tui::theme::Theme;
use crate::tui::update::update;

const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (200, 50), (40, 12)];

const LEFT: &str = "diff --git a/src/login.rs b/src/login.rs
--- a/src/login.rs
+++ b/src/login.rs
@@ -10,6 +10,7 @@ impl Session {
     /// Whether it is over.
     pub fn is_over(&self, now: Time) -> bool {
-        now > self.ends
+        // At its very time it is.
+        now >= self.ends
     }
 
     fn old(&self) {}
diff --git a/assets/logo.png b/assets/logo.png
Binary files a/assets/logo.png and b/assets/logo.png differ
";

const RIGHT: &str = "diff --git a/src/login.rs b/src/login.rs
--- a/src/login.rs
+++ b/src/login.rs
@@ -11,3 +11,3 @@ impl Session {
     pub fn is_over(&self, now: Time) -> bool {
-        now > self.ends
+        !self.is_open(now)
     }
@@ -40,2 +40,3 @@
 }
+\u{202e}hidden\u{1b}[2J
 // end
diff --git a/tests/login.rs b/tests/login.rs
new file mode 100644
--- /dev/null
+++ b/tests/login.rs
@@ -0,0 +1,2 @@
+#[test]
+fn it_ends() {}
";

fn forked() -> Board {
    let mut board = board();
    let second = board.cards.iter_mut().find(|card| card.task.id.0 == 21);
    let second = second.unwrap();
    second.review.fork_of = Some(crate::domain::TaskId(20));
    second.task.agent = "codex".into();
    second.task.title = "auth tests".into();
    second.review.check = Some(CheckView {
        running: false,
        verdict: Some(crate::domain::check::Verdict::Passed),
        freshness: crate::domain::check::Freshness::Current,
        at: NOW,
        took: 9,
    });
    board
}

fn shown(size: (u16, u16), theme: Theme) -> Model {
    let mut model = model_with(size, forked(), theme);
    crate::tui::board::select(&mut model, crate::domain::TaskId(20));
    press(&mut model, "f");
    update(&mut model, reply(read_changes(20), changes_page(LEFT)));
    update(&mut model, reply(read_changes(21), changes_page(RIGHT)));
    model
}

#[test]
fn two_tries_at_every_size() {
    for size in SIZES {
        let model = shown(size, Theme::default());
        let text = text(&model);
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
        let name = format!("compare_{}x{}", size.0, size.1);
        insta::assert_snapshot!(name, text);
    }
}

#[test]
fn without_colour_and_without_unicode() {
    let theme = Theme::load("gluon", None, true, true).unwrap();
    let model = shown((80, 24), theme);
    let text = text(&model);
    assert!(text.is_ascii(), "{text}");
    insta::assert_snapshot!("compare_ascii", text);
    for cell in &buffer(&model).content {
        assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset));
    }
}

#[test]
fn what_is_on_its_way_or_empty_is_said_on_its_side() {
    let mut model = model_with((80, 24), forked(), Theme::default());
    crate::tui::board::select(&mut model, crate::domain::TaskId(20));
    press(&mut model, "f");
    update(&mut model, reply(read_changes(20), changes_page("")));
    insta::assert_snapshot!("compare_half", text(&model));
}
