//! What the tests of this layer share: a board with a bit of everything, keys, mice, a fake daemon.

use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;

use super::keymap::{Chord, Keymap};
use super::layout::Layout;
use super::model::Model;
use super::msg::{Effect, Msg, Reply, Update};
use super::theme::Theme;
use super::update::update;
use crate::domain::loops::{
    Breaker, BreakerState, CheckOutcome, Confidence, LoopLimits, Part, PartKind, Plan,
};
use crate::domain::*;
use crate::protocol::screen::{Cursor, TermModes};
use crate::protocol::*;

/// The present moment of the fixtures.
pub const NOW: Timestamp = Timestamp(1_800_000_000_000);

pub fn minutes_ago(minutes: i64) -> Timestamp {
    NOW.plus(-minutes * 60_000)
}

pub fn project(id: i64, name: &str) -> Project {
    Project {
        id: ProjectId(id),
        name: name.into(),
        path: format!("/home/someone/{name}").into(),
        workspace: "default".into(),
        slots: None,
        trusted_setup: None,
        trusted_check: None,
        trusted: false,
        created_at: minutes_ago(9000),
    }
}

pub fn task(id: i64, title: &str, status: Status) -> Task {
    Task {
        id: TaskId(id),
        project: ProjectId(1),
        title: title.into(),
        prompt: format!("{title}, please.\n\nMind the tests."),
        agent: "claude".into(),
        command: None,
        mode: Mode::Interactive,
        base: None,
        priority: Priority::default(),
        labels: Vec::new(),
        depends_on: Vec::new(),
        budget: None,
        status,
        position: id * 1024,
        held: false,
        branch: None,
        base_commit: None,
        worktree: None,
        reason: None,
        created_at: minutes_ago(100),
        changed_at: minutes_ago(id),
    }
}

pub fn session(id: i64, of: &Task, activity: Activity) -> SessionView {
    let live = of.status == Status::Running;
    SessionView {
        session: Session {
            id: SessionId(id),
            task: of.id,
            project: of.project,
            agent: of.agent.clone(),
            mode: of.mode,
            conversation: None,
            cwd: "/home/someone/wt".into(),
            state: if live {
                SessionState::Live
            } else {
                SessionState::Ended
            },
            started_at: minutes_ago(40),
            ended_at: (!live).then(|| minutes_ago(5)),
            exit: (!live).then_some(Exit::Code(0)),
        },
        task_title: of.title.clone(),
        wait: match activity {
            Activity::Waiting(_) => 7,
            _ => 0,
        },
        activity,
        activity_since: minutes_ago(1),
        health: None,
        terminal_title: String::new(),
        last_output_at: None,
        cost: None,
        cols: 80,
        rows: 24,
        unseen: false,
        runs: 1,
        resumable: true,
        background: 0,
    }
}

pub fn card(task: Task) -> TaskCard {
    TaskCard {
        budget: None,
        task,
        project_name: "api".into(),
        session: None,
        git: None,
        hold: None,
        loop_view: None,
        cost: None,
        review: Default::default(),
        follow_ups: 0,
    }
}

pub fn running(id: i64, title: &str, activity: Activity) -> TaskCard {
    let mut task = task(id, title, Status::Running);
    task.branch = Some(names::branch_name(task.id, title));
    let view = session(id + 100, &task, activity);
    TaskCard {
        session: Some(view),
        ..card(task)
    }
}

pub fn ask(text: &str) -> Activity {
    Activity::Waiting(Ask {
        kind: AskKind::Permission,
        text: text.into(),
    })
}

/// A verdict of so many minutes ago.
pub fn verdict(health: Health, rule: HealthRule, evidence: &str, minutes: i64) -> Verdict {
    Verdict {
        health: Some(health),
        rule,
        evidence: evidence.into(),
        since: minutes_ago(minutes),
        seen: vec![health::Seen {
            at: minutes_ago(minutes),
            what: "Bash: cargo test".into(),
        }],
        changes_by: "a call of a tool".into(),
    }
}

/// A loop in its seventh iteration, with a breaker that is half open and most of its budget spent.
pub fn loop_view() -> LoopView {
    let ago = minutes_ago;
    LoopView {
        task: TaskId(12),
        stage: LoopStage::Running { ending: None },
        since: ago(3),
        iteration: 7,
        iteration_at: ago(3),
        counted: 6,
        started_at: ago(80),
        worked: 70 * 60_000,
        at_work: true,
        limits: LoopLimits {
            budget: Some(MicroUsd(5_000_000)),
            ..LoopLimits::default()
        },
        confidence: Confidence {
            percent: 62,
            parts: vec![
                Part {
                    what: PartKind::Plan,
                    points: 12,
                    of: 20,
                    evidence: "6 of 10 boxes of TODO.md are ticked".into(),
                },
                Part {
                    what: PartKind::Check,
                    points: 30,
                    of: 30,
                    evidence: "the check passed after the last change".into(),
                },
            ],
            against: vec!["the agent says that it goes on".into()],
        },
        enough: 60,
        breaker: Breaker {
            state: BreakerState::HalfOpen,
            reasons: vec!["no progress in 2 iterations".into()],
            ..Breaker::default()
        },
        check_command: Some("cargo test".into()),
        check: Some(LoopCheck {
            outcome: CheckOutcome::Failed,
            words: "1 of 214 tests failed".into(),
            took: 42_000,
            at: ago(4),
            output: "test parser::nested ... FAILED\nassertion failed: left == right\n1 of 214 tests failed".into(),
        }),
        spent: MicroUsd(4_250_000),
        unpriced: false,
        afterwards: None,
        messages: 1,
        recommendation: "write the test of the parser".into(),
        plans: vec![Plan {
            file: "TODO.md".into(),
            ticked: 6,
            open: 4,
            optional: 0,
            next: Some("the parser".into()),
        }],
    }
}

/// A board with a bit of everything.
pub fn board() -> Board {
    let mut docs = card(Task {
        agent: "codex".into(),
        priority: Priority::new(1),
        ..task(1, "docs for /v2", Status::Queued)
    });
    docs.hold = Some(HoldView::NoSlot);
    let mut bump = card(Task {
        agent: "gemini".into(),
        depends_on: vec![TaskId(12)],
        ..task(2, "bump dependencies", Status::Queued)
    });
    bump.hold = Some(HoldView::After(vec![TaskId(12)]));

    let mut refactor = running(12, "refactor the pipeline", Activity::Working);
    refactor.task.mode = Mode::Loop;
    refactor.loop_view = Some(loop_view());
    if let Some(view) = &mut refactor.session {
        view.runs = 7;
        view.health = Some(verdict(
            Health::Healthy,
            HealthRule::Progress,
            "Bash: cargo test",
            1,
        ));
        view.terminal_title = "cargo test".into();
    }
    refactor.budget = Some(Box::new(TaskBudget {
        own: budget::Budget::new(
            budget::BudgetOf::Task(TaskId(12)),
            "task 12",
            budget::Limit::Usd(MicroUsd(1_000_000)),
            Some(Cost {
                usd: MicroUsd(820_000),
                basis: Basis::Reported,
                unpriced: false,
                tokens: 40_000,
            }),
            MicroUsd(0),
            80,
        ),
        refused: None,
    }));
    refactor.cost = Some(Cost {
        usd: MicroUsd(820_000),
        basis: Basis::Reported,
        unpriced: false,
        tokens: 40_000,
    });
    refactor.git = Some(GitView {
        ahead: 3,
        insertions: 214,
        deletions: 31,
        ..GitView::default()
    });
    let login = running(13, "login bug", ask("run tests?"));
    let mut slow = running(14, "speed up the 起動 path", Activity::Working);
    if let Some(view) = &mut slow.session {
        view.unseen = true;
        view.health = Some(verdict(
            Health::Slow,
            HealthRule::Silent,
            "no sign of progress",
            9,
        ));
    }

    let mut auth = card(Task {
        reason: Some(Reason::Finished),
        branch: Some("gluon/20-auth-tests".into()),
        ..task(20, "auth tests", Status::Review)
    });
    auth.session = Some(session(120, &auth.task, Activity::Exited(Exit::Code(0))));
    auth.git = Some(GitView {
        ahead: 2,
        insertions: 214,
        deletions: 31,
        ..GitView::default()
    });
    let mut migrate = card(Task {
        reason: Some(Reason::Failed("ended with code 2".into())),
        ..task(21, "migrate the store", Status::Review)
    });
    migrate.session = Some(session(121, &migrate.task, Activity::Exited(Exit::Code(2))));

    let mut cards = vec![docs, bump, refactor, login, slow, auth, migrate];
    for (id, title) in [(30, "homepage"), (31, "fix typo"), (32, "release notes")] {
        cards.push(card(task(id, title, Status::Done)));
    }
    Board {
        projects: vec![project(1, "api")],
        cards,
        queue: QueueView {
            paused: false,
            slots: 4,
            used: 3,
            today: None,
            recent: Vec::new(),
            day: None,
        },
    }
}

/// A model of that size that has connected and loaded `board`.
pub fn model_with(size: (u16, u16), board: Board, theme: Theme) -> Model {
    let mut model = Model::new(theme, Keymap::default(), size, NOW);
    update(&mut model, Msg::Link(LinkEvent::Connected));
    update(
        &mut model,
        reply(Request::Board(()), Response::Board(board)),
    );
    model
}

/// A model of that size with [`board`].
pub fn model(size: (u16, u16)) -> Model {
    model_with(size, board(), Theme::default())
}

/// The request for a task's changes.
pub fn read_changes(task: i64) -> Request {
    Request::ReadChanges(ReadChanges {
        task: TaskId(task),
        scope: Scope::All,
        ignore_space: false,
        offset: 0,
        version: None,
    })
}

/// The answer to it.
pub fn changes_page(text: &str) -> Response {
    Response::ReadChanges(ChangesPage {
        version: 1,
        offset: 0,
        total: text.len() as u64,
        text: text.into(),
        reviewed_at: None,
        comments: Vec::new(),
    })
}

/// The message that answers a request well.
pub fn reply(request: Request, response: Response) -> Msg {
    Msg::Reply(Box::new(Reply {
        request,
        result: Ok(response),
    }))
}

/// The message that answers a request with an error.
pub fn refusal(request: Request, code: ErrorCode, message: &str) -> Msg {
    Msg::Reply(Box::new(Reply {
        request,
        result: Err(ApiError::new(code, message)),
    }))
}

/// Presses a key, as the configuration writes it.
pub fn press(model: &mut Model, key: &str) -> Update {
    let chord: Chord = key.parse().unwrap();
    update(model, Msg::Key(KeyEvent::new(chord.code, chord.modifiers)))
}

/// Presses keys one after the other; all they came to.
pub fn press_all(model: &mut Model, keys: &[&str]) -> Update {
    let mut all = Update::none();
    for key in keys {
        all.merge(press(model, key));
    }
    all
}

/// Does something with the mouse.
pub fn mouse(model: &mut Model, kind: MouseEventKind, col: u16, row: u16) -> Update {
    let event = MouseEvent {
        kind,
        column: col,
        row,
        modifiers: KeyModifiers::NONE,
    };
    update(model, Msg::Mouse(event))
}

pub const DOWN: MouseEventKind = MouseEventKind::Down(MouseButton::Left);
pub const DRAG: MouseEventKind = MouseEventKind::Drag(MouseButton::Left);
pub const UP: MouseEventKind = MouseEventKind::Up(MouseButton::Left);

/// The requests among effects.
pub fn calls(update: &Update) -> Vec<&Request> {
    update
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Call(request) => Some(request),
            _ => None,
        })
        .collect()
}

/// A screen with these lines, from nothing.
pub fn screen(session: i64, seq: u64, lines: &[&str]) -> ScreenUpdate {
    let row = |text: &str| Row {
        text: text.into(),
        ..Row::default()
    };
    ScreenUpdate {
        session: SessionId(session),
        seq,
        base: 0,
        cols: 80,
        rows: 24,
        scroll: 0,
        styles: vec![Style::default()],
        changed: (0..).zip(lines.iter().map(|line| row(line))).collect(),
        cursor: Cursor {
            row: lines.len() as u16,
            col: 2,
            visible: true,
            ..Cursor::default()
        },
        modes: TermModes::default(),
        title: None,
        history_start: 0,
        history_end: 0,
    }
}

/// The model with something on the screen of every running agent.
pub fn with_screens(mut model: Model) -> Model {
    let lines = [
        "⏺ Bash(cargo test --workspace)",
        "  test pipeline::tests::ordering ... ok",
        "  test pipeline::tests::retries ... ok",
        "",
        "> ",
    ];
    for id in [112, 113, 114, 120, 121] {
        let update_of = LinkEvent::Screen(std::sync::Arc::new(screen(id, 1, &lines)));
        update(&mut model, Msg::Link(update_of));
    }
    model
}

/// What the model looks like.
pub fn buffer(model: &Model) -> Buffer {
    let area = Rect::new(0, 0, model.size.0, model.size.1);
    let mut buf = Buffer::empty(area);
    super::view::draw(&mut buf, model, &Layout::new(model));
    buf
}

/// What the model looks like, as text.
pub fn text(model: &Model) -> String {
    lines_of(&buffer(model)).join("\n")
}

/// The lines of a buffer, without blanks at their ends.
pub fn lines_of(buf: &Buffer) -> Vec<String> {
    let area = buf.area;
    (area.top()..area.bottom())
        .map(|y| {
            let mut line = String::new();
            let mut skip = 0;
            for x in area.left()..area.right() {
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                let symbol = buf[(x, y)].symbol();
                skip = super::text::width(symbol).saturating_sub(1);
                line.push_str(symbol);
            }
            line.trim_end().to_owned()
        })
        .collect()
}

/// Where an attribute is set, as text: `#` for cells that have it, blank for the others.
pub fn cells_with(buf: &Buffer, modifier: ratatui::style::Modifier) -> String {
    let area = buf.area;
    let lines: Vec<String> = (area.top()..area.bottom())
        .map(|y| {
            let line: String = (area.left()..area.right())
                .map(|x| match buf[(x, y)].modifier.contains(modifier) {
                    true => '#',
                    false => ' ',
                })
                .collect();
            line.trim_end().to_owned()
        })
        .collect();
    lines.join("\n")
}
