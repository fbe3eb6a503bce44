use std::path::PathBuf;

use insta::assert_snapshot;
use ratatui::crossterm::event::{KeyCode, KeyModifiers, MouseButton, MouseEventKind};

use super::*;
use crate::domain::accept::Way;
use crate::domain::check::{Freshness, Verdict};
use crate::domain::follow_up::WhileBusy;
use crate::domain::{Mode, Timestamp};
use crate::protocol::{CheckView, ConfirmTask};

const SIZES: [(u16, u16); 3] = [(40, 12), (80, 24), (120, 40)];

fn project(id: i64, name: &str) -> Project {
    Project {
        id: ProjectId(id),
        name: name.into(),
        path: PathBuf::from(format!("/src/{name}")),
        workspace: "default".into(),
        slots: None,
        trusted_setup: None,
        trusted_check: None,
        trusted: false,
        created_at: Timestamp(0),
    }
}

fn agent(name: &str, installed: bool) -> AgentView {
    AgentView {
        name: name.into(),
        title: name.to_uppercase(),
        program: name.into(),
        installed: installed.then(|| PathBuf::from("/bin/x")),
        modes: vec![Mode::Interactive, Mode::Once],
        preferred: false,
        while_busy: Default::default(),
    }
}

fn addressee(task: i64, title: &str) -> Addressee {
    Addressee {
        task: TaskId(task),
        title: title.into(),
        agent: "Claude Code".into(),
        doing: Doing::Else,
        while_busy: WhileBusy::Queues,
        waiting: 0,
    }
}

fn message(task: i64, title: &str) -> Dialog {
    Dialog::message(addressee(task, title), "")
}

fn form() -> Dialog {
    Dialog::new_task(
        &[project(1, "api"), project(2, "web")],
        &[agent("claude", false), agent("codex", true)],
        Some(ProjectId(2)),
    )
}

fn press(dialog: &mut Dialog, keys: &str) -> Outcome {
    let keymap = Keymap::default();
    let mut last = Outcome::Unchanged;
    for key in keys.split(' ') {
        let event = match key {
            "enter" => KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE),
            "esc" => KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE),
            "tab" => KeyEvent::new(KeyCode::Tab, KeyModifiers::NONE),
            "back" => KeyEvent::new(KeyCode::BackTab, KeyModifiers::SHIFT),
            "left" => KeyEvent::new(KeyCode::Left, KeyModifiers::NONE),
            "right" => KeyEvent::new(KeyCode::Right, KeyModifiers::NONE),
            "down" => KeyEvent::new(KeyCode::Down, KeyModifiers::NONE),
            "ctrl-s" => KeyEvent::new(KeyCode::Char('s'), KeyModifiers::CONTROL),
            "ctrl-t" => KeyEvent::new(KeyCode::Char('t'), KeyModifiers::CONTROL),
            word => {
                for c in word.chars() {
                    last = dialog.key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE), &keymap);
                }
                continue;
            }
        };
        last = dialog.key(event, &keymap);
    }
    last
}

fn click(dialog: &mut Dialog, screen: Rect, at: (u16, u16)) -> Outcome {
    let event = MouseEvent {
        kind: MouseEventKind::Down(MouseButton::Left),
        column: at.0,
        row: at.1,
        modifiers: KeyModifiers::NONE,
    };
    dialog.mouse(event, screen)
}

fn drawn(dialog: &Dialog, (cols, rows): (u16, u16), ascii: bool) -> String {
    let screen = Rect::new(0, 0, cols, rows);
    let mut buf = Buffer::empty(screen);
    let theme = Theme::load("gluon", None, true, ascii).unwrap();
    let cursor = dialog.draw(&mut buf, screen, &theme, &Keymap::default());
    let mut text = String::new();
    for y in 0..rows {
        let line: String = (0..cols).map(|x| buf[(x, y)].symbol()).collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    format!("{text}cursor: {cursor:?}")
}

fn find(dialog: &Dialog, size: (u16, u16), words: &str) -> (u16, u16) {
    let text = drawn(dialog, size, true);
    let (row, line) = text
        .lines()
        .enumerate()
        .find(|(_, line)| line.contains(words))
        .unwrap_or_else(|| panic!("{words} in\n{text}"));
    (line.find(words).unwrap() as u16, row as u16)
}

#[test]
fn the_agent_of_a_new_task_is_never_a_shell_by_itself() {
    let preferred = AgentView {
        preferred: true,
        ..agent("demo", true)
    };
    for (agents, shown) in [
        (vec![agent("shell", true), agent("codex", true)], "CODEX"),
        (vec![agent("shell", true), agent("codex", false)], "CODEX"),
        (vec![agent("codex", true), preferred], "DEMO"),
        (vec![agent("shell", true)], "SHELL"),
    ] {
        let dialog = Dialog::new_task(&[project(1, "api")], &agents, Some(ProjectId(1)));
        let text = drawn(&dialog, (80, 24), false);
        assert!(text.contains(&format!("‹ {shown} ›")), "{text}");
    }
}

#[test]
fn a_task_is_made_by_keyboard() {
    let mut dialog = form();
    assert_eq!(dialog.wants_branches(), Some(ProjectId(2)));
    dialog.set_branches(ProjectId(2), vec!["main".into(), "dev".into()]);
    press(
        &mut dialog,
        "fix enter it tab My-title tab tab tab right tab right right",
    );
    let outcome = press(&mut dialog, "tab left tab ui,docs tab #3 tab tab enter");
    let Outcome::Done(Answer::NewTask(task)) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(task.prompt, "fix\nit");
    assert_eq!(task.title, "My-title");
    assert_eq!(task.directory, PathBuf::from("/src/web"));
    assert_eq!(
        task.agent.as_deref(),
        Some("codex"),
        "the first that is installed"
    );
    assert_eq!(task.mode, Mode::Once);
    assert_eq!(task.base.as_deref(), Some("dev"));
    assert_eq!(task.priority.level(), 1);
    assert_eq!(task.labels, ["ui", "docs"]);
    assert_eq!(task.depends_on, [TaskId(3)]);
    assert!(task.start && !task.held);
}

#[test]
fn the_short_way_is_a_prompt_and_one_key() {
    let mut dialog = form();
    let outcome = press(&mut dialog, "do ctrl-s");
    let Outcome::Done(Answer::NewTask(task)) = outcome else {
        panic!("{outcome:?}");
    };
    assert!(!task.start && !task.held && task.base.is_none());
}

#[test]
fn what_is_missing_is_said_and_nothing_typed_is_lost_by_one_key() {
    let mut dialog = form();
    assert_eq!(press(&mut dialog, "ctrl-s"), Outcome::Changed);
    assert!(drawn(&dialog, (80, 24), false).contains("Say what is to be done"));
    assert_eq!(press(&mut dialog, "x esc"), Outcome::Changed);
    assert!(drawn(&dialog, (80, 24), false).contains("Esc again"));
    assert_eq!(
        press(&mut dialog, "y esc"),
        Outcome::Changed,
        "typing takes it back"
    );
    assert_eq!(press(&mut dialog, "esc"), Outcome::Close);
    assert_eq!(press(&mut form(), "esc"), Outcome::Close);
    let mut dialog = form();
    press(&mut dialog, "x back back back back nonsense ctrl-s");
    assert!(drawn(&dialog, (80, 24), false).contains("is not an id"));
    let mut nowhere = Dialog::new_task(&[], &[], None);
    press(&mut nowhere, "x ctrl-s");
    assert!(drawn(&nowhere, (80, 24), false).contains("There is no project yet"));
}

#[test]
fn projects_that_come_late_are_taken() {
    let (api, web) = (project(1, "api"), project(2, "web"));
    let both = [api.clone(), web];
    // Opened before any project was known, or before the one the user stands in was.
    for known in [&[][..], &[api]] {
        let mut dialog = Dialog::new_task(known, &[agent("codex", true)], None);
        press(&mut dialog, "x");
        let asked = dialog.set_projects(&both, Some(ProjectId(2)));
        assert_eq!(asked, Some(ProjectId(2)));
        assert!(matches!(press(&mut dialog, "ctrl-s"), Outcome::Done(_)));
    }
    // What was meant stays.
    let mut dialog = form();
    assert_eq!(dialog.set_projects(&both, Some(ProjectId(1))), None);
    assert_eq!(dialog.wants_branches(), Some(ProjectId(2)));
}

#[test]
fn another_project_asks_for_its_branches() {
    let mut dialog = form();
    let outcome = press(&mut dialog, "tab tab right");
    assert_eq!(outcome, Outcome::WantBranches(ProjectId(1)));
    dialog.set_branches(ProjectId(2), vec!["late".into()]);
    assert!(!drawn(&dialog, (80, 24), false).contains("late"));
}

#[test]
fn the_form_by_mouse() {
    for size in SIZES {
        let screen = Rect::new(0, 0, size.0, size.1);
        let mut dialog = form();
        dialog.paste("do this\r\nand that\u{1b}[2J");
        let at = find(&dialog, size, "[ Hold ]");
        let outcome = click(&mut dialog, screen, at);
        let Outcome::Done(Answer::NewTask(task)) = outcome else {
            panic!("{size:?}: {outcome:?}");
        };
        assert!(task.held);
        assert_eq!(task.prompt, "do this\nand that[2J");
    }
}

#[test]
fn a_decision_is_no_unless_it_is_a_clear_yes() {
    let request = Request::RemoveTask(ConfirmTask {
        task: TaskId(4),
        confirm: true,
    });
    let new = || {
        Dialog::confirm(
            "Delete #4?",
            Some("3 files are not committed."),
            request.clone(),
        )
    };
    let yes = Outcome::Done(Answer::Confirmed(Box::new(request.clone())));
    for (keys, outcome) in [
        ("enter", Outcome::Close),
        ("esc", Outcome::Close),
        ("n", Outcome::Close),
        ("x", Outcome::Unchanged),
        ("y", yes.clone()),
        ("tab enter", yes.clone()),
        ("right left enter", Outcome::Close),
    ] {
        assert_eq!(press(&mut new(), keys), outcome, "{keys}");
    }
    let size = (80, 24);
    let screen = Rect::new(0, 0, 80, 24);
    let at = find(&new(), size, "[ Yes ]");
    assert_eq!(click(&mut new(), screen, at), yes);
    assert_eq!(click(&mut new(), screen, (0, 0)), Outcome::Close);
}

#[test]
fn a_message_is_sent_whole() {
    let mut dialog = message(2, "login");
    press(&mut dialog, "one enter two");
    assert_eq!(
        press(&mut dialog, "ctrl-s"),
        Outcome::Done(Answer::Message(TaskId(2), "one\ntwo".into()))
    );
    assert_eq!(press(&mut message(2, "x"), "ctrl-s"), Outcome::Changed);
}

#[test]
fn a_message_can_wait_and_says_what_sending_it_now_would_do() {
    let with = |doing, while_busy, waiting| {
        let to = Addressee {
            doing,
            while_busy,
            waiting,
            ..addressee(2, "login")
        };
        Dialog::message(to, "do it")
    };
    for (doing, while_busy, waiting, words) in [
        (Doing::Works, WhileBusy::Queues, 0, "until its turn ends"),
        (Doing::Works, WhileBusy::Steers, 0, "now changes the turn"),
        (Doing::Works, WhileBusy::Unknown, 0, "may change the turn"),
        (Doing::Ended, WhileBusy::Unknown, 0, "it is resumed with"),
        (Doing::Asks, WhileBusy::Unknown, 0, "has to wait"),
        (Doing::Else, WhileBusy::Queues, 2, "2 messages wait already"),
    ] {
        let dialog = with(doing, while_busy, waiting);
        let shown = drawn(&dialog, (100, 30), false);
        assert!(shown.contains(words), "{words}: {shown}");
        assert!(shown.contains("when it is idle"), "{shown}");
    }
    let queued = Outcome::Done(Answer::Queue(TaskId(2), "do it".into()));
    let mut asks = with(Doing::Asks, WhileBusy::Unknown, 0);
    assert_eq!(press(&mut asks, "ctrl-s"), Outcome::Changed);
    assert!(drawn(&asks, (100, 30), false).contains("land in its dialog"));
    assert_eq!(press(&mut asks, "ctrl-t"), queued);
    assert_eq!(
        press(&mut with(Doing::Else, WhileBusy::Queues, 0), "ctrl-t"),
        queued
    );
}

#[test]
fn the_palette_finds_by_a_few_letters() {
    let actions = || vec![Action::New, Action::Accept, Action::Delete];
    let mut dialog = Dialog::palette(actions());
    assert_eq!(
        press(&mut dialog, "acc enter"),
        Outcome::Done(Answer::Action(Action::Accept))
    );
    let mut dialog = Dialog::palette(actions());
    assert_eq!(
        press(&mut dialog, "down down down enter"),
        Outcome::Done(Answer::Action(Action::Delete))
    );
    assert_eq!(
        press(&mut Dialog::palette(actions()), "zzz enter"),
        Outcome::Unchanged
    );
}

#[test]
fn the_prompt_tells_what_is_typed() {
    let mut dialog = Dialog::prompt("Filter", "ab");
    assert_eq!(press(&mut dialog, "c"), Outcome::Typed("abc".into()));
    assert_eq!(press(&mut dialog, "left"), Outcome::Changed);
    assert_eq!(
        press(&mut dialog, "enter"),
        Outcome::Done(Answer::Text("abc".into()))
    );
}

fn accept(way: Way, obstacle: Option<&str>) -> AcceptPreview {
    AcceptPreview {
        task: TaskId(4),
        way,
        chosen: true,
        into: "main".into(),
        branch: "gluon/4-login".into(),
        message: "Fix the login form\n\nIt took an empty password.".into(),
        effect: way.effect("main"),
        commits: 2,
        behind: 1,
        files: 5,
        uncommitted: 1,
        conflicts: obstacle
            .map(|_| "src/login.rs".to_owned())
            .into_iter()
            .collect(),
        merged: false,
        can_fast_forward: false,
        resurrected: 0,
        checkout: Some(PathBuf::from("/src/api")),
        obstacle: obstacle.map(str::to_owned),
        check_required: false,
        check: Some(CheckView {
            running: false,
            verdict: Some(Verdict::Passed),
            freshness: Freshness::CommitsAgo(2),
            at: Timestamp(0),
            took: 0,
        }),
    }
}

#[test]
fn accepting_asks_which_way_and_tells_what_happens() {
    let mut dialog = Dialog::accept(accept(Way::Merge, None), "login");
    let Outcome::WantPreview(plan) = press(&mut dialog, "s") else {
        panic!("another way is another preview");
    };
    assert_eq!(
        (plan.way, plan.into.as_deref()),
        (Some(Way::Squash), Some("main"))
    );
    // What would happen is not known yet.
    assert_eq!(press(&mut dialog, "enter"), Outcome::Changed);
    // The preview of a way that is no longer chosen changes nothing.
    dialog.set_preview(&accept(Way::Rebase, None));
    assert_eq!(press(&mut dialog, "enter"), Outcome::Changed);
    dialog.set_preview(&accept(Way::Squash, Some("it is in conflict with main")));
    assert_eq!(press(&mut dialog, "enter"), Outcome::Changed);
    dialog.set_preview(&accept(Way::Squash, None));
    press(&mut dialog, "tab !");
    let Outcome::Done(Answer::Accept(plan)) = press(&mut dialog, "ctrl-s") else {
        panic!("it can be done");
    };
    assert_eq!(plan.way, Some(Way::Squash));
    assert!(plan.confirm && plan.message.unwrap().contains('!'));
    // Escape leaves the message, then the dialog.
    assert_eq!(press(&mut dialog, "esc"), Outcome::Changed);
    assert_eq!(press(&mut dialog, "esc"), Outcome::Close);
    // What takes no message has none to write.
    let mut dialog = Dialog::accept(accept(Way::Leave, None), "login");
    assert!(matches!(press(&mut dialog, "k"), Outcome::WantPreview(_)));
    assert!(matches!(press(&mut dialog, "m"), Outcome::WantPreview(_)));
}

#[test]
fn how_they_look() {
    let accepting = Dialog::accept(accept(Way::Squash, None), "login form");
    let obstacle = Some("it is in conflict with main");
    let conflicting = Dialog::accept(accept(Way::Rebase, obstacle), "login form");
    let mut new_task = form();
    new_task.set_branches(ProjectId(2), vec!["main".into()]);
    new_task.paste("Fix the login form.\n\nIt accepts an empty password.");
    let confirm = Dialog::confirm(
        "Delete #4 “login form” with its worktree?",
        Some(
            "3 files are not committed and 2 commits are nowhere else. A recovery ref and a patch are kept.",
        ),
        Request::Board(()),
    );
    let message = message(4, "login form");
    let palette = Dialog::palette(vec![Action::New, Action::Accept, Action::Quit]);
    let prompt = Dialog::prompt("Filter", "login");
    for (name, dialog) in [
        ("new_task", new_task),
        ("accept", accepting),
        ("accept_conflict", conflicting),
        ("confirm", confirm),
        ("message", message),
        ("palette", palette),
        ("prompt", prompt),
    ] {
        for size in SIZES {
            let name = format!("{name}_{}x{}", size.0, size.1);
            assert_snapshot!(name, drawn(&dialog, size, false));
        }
    }
    assert_snapshot!("new_task_ascii", drawn(&form(), (80, 24), true));
}

#[test]
fn no_size_panics() {
    let (theme, keymap) = (Theme::default(), Keymap::default());
    let dialogs = [
        form(),
        Dialog::accept(accept(Way::Merge, Some("x")), "x"),
        message(1, "x"),
        Dialog::confirm("Sure about that?", Some("detail"), Request::Board(())),
        Dialog::palette(vec![Action::New]),
        Dialog::prompt("Filter", "x"),
    ];
    for cols in (0..48).step_by(3) {
        for rows in 0..20 {
            for dialog in &dialogs {
                let screen = Rect::new(0, 0, cols, rows);
                let mut buf = Buffer::empty(screen);
                dialog.draw(&mut buf, screen, &theme, &keymap);
            }
        }
    }
}
