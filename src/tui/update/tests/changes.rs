//! The changes of a task: what keys ask for, and what comes of the answers.

use super::*;
use crate::domain::comment::{Place, PlaceLine};
use crate::domain::patch::Side;
use crate::tui::changes::Changes;
use crate::tui::model::Overlay;
use crate::tui::msg::Program;

const TEXT: &str = "diff --git a/src/a.rs b/src/a.rs\n--- a/src/a.rs\n+++ b/src/a.rs\n\
    @@ -1,3 +1,3 @@\n fn main() {\n-    one();\n+    two();\n }\n";

fn opened() -> Model {
    let mut model = model(SIZE);
    if let Some(card) = model.cards.get_mut(&TaskId(12)) {
        card.task.worktree = Some("/wt/12".into());
        card.task.base_commit = Some("abc".into());
    }
    let update_of = press(&mut model, "d");
    assert_eq!(calls(&update_of), [&read_changes(12)]);
    update(&mut model, reply(read_changes(12), changes_page(TEXT)));
    model
}

fn page(model: &Model) -> &Changes {
    match model
        .overlays
        .iter()
        .find(|o| matches!(o, Overlay::Changes(_)))
    {
        Some(Overlay::Changes(page)) => page,
        other => panic!("no changes: {other:?}"),
    }
}

fn comment(id: i64, text: &str) -> Comment {
    Comment {
        id: CommentId(id),
        task: TaskId(12),
        place: Place {
            path: "src/a.rs".into(),
            line: Some(PlaceLine {
                number: 2,
                before: 0,
                side: Side::New,
            }),
        },
        quote: "    two();".into(),
        text: text.into(),
        made_at: NOW,
        sent_at: None,
    }
}

#[test]
fn comments_are_made_changed_and_taken_back() {
    let mut model = opened();
    press_all(&mut model, &["j", "j", "j", "j", "c"]);
    press_all(&mut model, &["W", "h", "y", "?"]);
    let update_of = press(&mut model, "ctrl-s");
    let add = Request::AddComment(AddComment {
        task: TaskId(12),
        place: comment(1, "").place,
        quote: "    two();".into(),
        text: "Why?".into(),
    });
    assert_eq!(calls(&update_of), [&add]);
    let stored = comment(1, "Why?");
    update(&mut model, reply(add, Response::AddComment(stored)));
    assert_eq!(page(&model).unsent(), 1);

    press(&mut model, "E");
    press(&mut model, "!");
    let update_of = press(&mut model, "ctrl-s");
    let edit = |text: &str| {
        Request::EditComment(EditComment {
            task: TaskId(12),
            comment: CommentId(1),
            text: text.into(),
        })
    };
    assert_eq!(calls(&update_of), [&edit("Why?!")]);
    let update_of = press(&mut model, "u");
    assert_eq!(calls(&update_of), [&edit("")]);
    update(
        &mut model,
        reply(edit(""), Response::EditComment(Vec::new())),
    );
    assert_eq!(page(&model).unsent(), 0);
    let update_of = press(&mut model, "u");
    assert!(calls(&update_of).is_empty(), "there is none any more");
}

#[test]
fn comments_are_sent_together() {
    let mut model = opened();
    let update_of = press(&mut model, "S");
    assert!(calls(&update_of).is_empty(), "nothing to send");
    let add = Request::AddComment(AddComment {
        task: TaskId(12),
        place: comment(1, "").place,
        quote: String::new(),
        text: String::new(),
    });
    update(
        &mut model,
        reply(add, Response::AddComment(comment(1, "Why?"))),
    );
    press(&mut model, "S");
    let update_of = press(&mut model, "ctrl-s");
    let send = Request::SendReview(SendReview {
        task: TaskId(12),
        text: String::new(),
        recap: false,
    });
    assert_eq!(calls(&update_of), [&send]);
    let card = model.cards[&TaskId(12)].clone();
    let update_of = update(&mut model, reply(send.clone(), Response::SendReview(card)));
    assert_eq!(calls(&update_of), [&read_changes(12)], "read anew");

    // The agent's conversation is lost: asked, and done again with a summary.
    update(&mut model, refusal(send, ErrorCode::Confirm, "lost"));
    let update_of = press(&mut model, "y");
    let [Request::SendReview(again)] = calls(&update_of)[..] else {
        panic!("{update_of:?}")
    };
    assert!(again.recap);
}

#[test]
fn other_changes_are_asked_for() {
    let mut model = opened();
    let asked = |update_of: &Update| match calls(update_of)[..] {
        [Request::ReadChanges(read)] => (read.scope, read.ignore_space),
        _ => panic!("{update_of:?}"),
    };
    for (key, expected) in [
        ("tab", (Scope::Committed, false)),
        ("tab", (Scope::Uncommitted, false)),
        ("shift-tab", (Scope::Committed, false)),
        ("W", (Scope::Committed, true)),
        ("r", (Scope::Committed, true)),
    ] {
        let update_of = press(&mut model, key);
        assert_eq!(asked(&update_of), expected, "{key}");
    }
    // What is refused is said in the page, and the others can still be seen.
    let update_of = press(&mut model, "shift-tab");
    let [request] = calls(&update_of)[..] else {
        panic!("{update_of:?}")
    };
    let refused = refusal(request.clone(), ErrorCode::Refused, "not yet");
    update(&mut model, refused);
    assert_eq!(page(&model).error.as_deref(), Some("not yet"));
}

#[test]
fn the_editor_opens_at_the_line() {
    let mut model = opened();
    // On the removed line: where it was, its place is what is there now.
    press_all(&mut model, &["j", "j", "j"]);
    let update_of = press(&mut model, "e");
    let editor = Effect::Run(Program::Editor {
        dir: "/wt/12".into(),
        path: "src/a.rs".into(),
        line: 1,
    });
    assert_eq!(update_of.effects, [editor]);
    let update_of = update(&mut model, Msg::Returned);
    assert_eq!(
        calls(&update_of),
        [&read_changes(12)],
        "it may have changed"
    );

    assert!(press(&mut model, "D").effects.is_empty(), "no tool is set");
    model.diff_tool = "delta".into();
    let tool = Effect::Run(Program::DiffTool {
        dir: "/wt/12".into(),
        base: "abc".into(),
        tool: "delta".into(),
    });
    assert_eq!(press(&mut model, "D").effects, [tool]);
}

#[test]
fn a_branch_that_moves_is_said() {
    let mut model = opened();
    assert!(!page(&model).stale);
    let mut card = model.cards[&TaskId(12)].clone();
    if let Some(git) = &mut card.git {
        git.insertions += 1;
    }
    let event = LinkEvent::Event(Event::Task(Box::new(card)));
    update(&mut model, Msg::Link(event));
    assert!(page(&model).stale);
    press(&mut model, "r");
    assert!(!page(&model).stale);
}

#[test]
fn escape_leaves_a_selection_first() {
    let mut model = opened();
    press_all(&mut model, &["V", "j"]);
    assert!(page(&model).selecting.is_some());
    press(&mut model, "esc");
    assert!(page(&model).selecting.is_none());
    press(&mut model, "esc");
    assert!(model.overlays.is_empty());
}
