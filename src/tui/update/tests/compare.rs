//! The same tried twice.

use super::*;

/// The requests that are none about panes.
fn asked(update: &Update) -> Vec<&Request> {
    let pane = |request: &&Request| matches!(request, Request::Attach(_) | Request::Detach(_));
    let all = calls(update).into_iter();
    all.filter(|request| !pane(request)).collect()
}

fn forked() -> Model {
    let mut board = board();
    for card in &mut board.cards {
        if card.task.id.0 == 21 {
            card.review.fork_of = Some(TaskId(20));
        }
    }
    let mut model = model_with(SIZE, board, Theme::default());
    let agent = |name: &str, installed: bool| AgentView {
        name: name.into(),
        title: name.to_uppercase(),
        program: name.into(),
        installed: installed.then(|| format!("/bin/{name}").into()),
        modes: vec![Mode::Interactive],
        preferred: false,
        while_busy: crate::domain::follow_up::WhileBusy::Unknown,
    };
    model.agents = vec![
        agent("claude", true),
        agent("codex", true),
        agent("gemini", false),
    ];
    crate::tui::board::select(&mut model, TaskId(20));
    model
}

#[test]
fn a_task_is_tried_with_another_agent_that_is_there() {
    let mut model = forked();
    assert!(asked(&press(&mut model, "F")).is_empty());
    let shown = text(&model);
    assert!(
        shown.contains("CODEX") && !shown.contains("GEMINI"),
        "{shown}"
    );
    let update_of = press(&mut model, "enter");
    let [Request::ForkTask(fork)] = asked(&update_of)[..] else {
        panic!("{update_of:?}")
    };
    assert_eq!(
        (fork.task, fork.agent.as_deref(), fork.start),
        (TaskId(20), Some("codex"), true)
    );
    let mut card = card(task(40, "auth tests", Status::Running));
    card.review.fork_of = Some(TaskId(20));
    let asked = Request::ForkTask(fork.clone());
    update(&mut model, reply(asked, Response::ForkTask(card)));
    assert_eq!(selected(&model), 40);
    assert!(text(&model).contains("#40 tries the same as #20"));
}

#[test]
fn two_are_compared_and_the_one_that_has_the_keys_is_accepted() {
    let mut model = forked();
    let asks = press(&mut model, "f");
    let read: Vec<TaskId> = asked(&asks)
        .into_iter()
        .map(|request| match request {
            Request::ReadChanges(read) => read.task,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(read, [TaskId(20), TaskId(21)]);
    let one = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-a\n+left side\n";
    let two = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-a\n+right side\n";
    update(&mut model, reply(read_changes(20), changes_page(one)));
    update(&mut model, reply(read_changes(21), changes_page(two)));
    let shown = text(&model);
    let line = shown.lines().find(|line| line.contains("left side"));
    assert!(
        line.is_some_and(|line| line.contains("right side")),
        "{shown}"
    );

    let accept = |model: &mut Model| {
        let update = press(model, "a");
        match asked(&update)[..] {
            [Request::PreviewAccept(plan)] => plan.task,
            _ => panic!("{update:?}"),
        }
    };
    assert_eq!(accept(&mut model), Some(TaskId(20)));
    press(&mut model, "tab");
    assert_eq!(accept(&mut model), Some(TaskId(21)));
    // By the mouse as well.
    let head = Layout::new(&model).compare.heads[0];
    mouse(&mut model, DOWN, head.x + 4, head.y);
    assert_eq!(accept(&mut model), Some(TaskId(20)));
    // The changes of one of them alone, and back.
    let changes = press(&mut model, "d");
    assert_eq!(asked(&changes).len(), 1);
    update(&mut model, reply(read_changes(20), changes_page(one)));
    let shown = text(&model);
    assert!(
        shown.contains("Changes of #20") && shown.contains("left side"),
        "{shown}"
    );
    press(&mut model, "esc");
    assert!(text(&model).contains("right side"));
}

#[test]
fn after_one_is_accepted_deleting_the_other_is_offered_and_never_just_done() {
    let mut model = forked();
    let mut done = model.cards[&TaskId(21)].clone();
    done.task.status = Status::Done;
    let plan = AcceptPlan {
        task: Some(TaskId(21)),
        ..AcceptPlan::default()
    };
    let answer = Response::Integrate(Integrated {
        card: done,
        way: Way::Squash,
        into: "main".into(),
        commit: None,
        sentence: "squashed into main".into(),
        notes: Vec::new(),
    });
    let asks = update(&mut model, reply(Request::Integrate(plan), answer));
    let risk = asked(&asks)[0].clone();
    assert_eq!(risk, Request::TaskRisk(TaskId(20)));
    let answer = Response::TaskRisk(RiskView::default());
    assert!(asked(&update(&mut model, reply(risk, answer))).is_empty());
    let shown = text(&model);
    assert!(shown.contains("#21 was accepted. Delete #20"), "{shown}");
    assert!(shown.contains("gluon undo, brings it back"), "{shown}");
    assert!(
        asked(&press(&mut model, "enter")).is_empty(),
        "no is the usual answer"
    );
}

#[test]
fn what_is_tried_once_cannot_be_compared() {
    let mut model = forked();
    crate::tui::board::select(&mut model, TaskId(12));
    assert!(asked(&press(&mut model, "f")).is_empty());
    assert!(
        model.toasts[0]
            .text
            .contains("no other task tries the same")
    );
}
