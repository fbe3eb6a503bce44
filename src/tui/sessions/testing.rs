//! A daemon's answers about conversations, for tests.

use crate::domain::{Basis, Conversation, Cost, MicroUsd, ProjectId, Speaker, TaskId};
use crate::protocol::*;
use crate::tui::model::Model;
use crate::tui::msg::{Msg, Update};
use crate::tui::testing::{NOW, calls, reply};
use crate::tui::update::update;

/// What the daemon has.
#[derive(Debug, Clone, Default)]
pub struct Library {
    /// Its conversations.
    pub rows: Vec<ConversationView>,
    /// How far it is with reading them.
    pub looking: Option<(u32, u32)>,
}

/// Ten thousand conversations in three places.
pub fn library() -> Library {
    const TITLES: [&str; 5] = [
        "Fix the login",
        "Größe der Fenster prüfen und die Tests dazu",
        "起動 path made faster",
        "evil \u{1b}[2J\u{202e}title",
        "",
    ];
    let row = |number: usize| {
        let (project, directory) = match number {
            ..300 => (Some(ProjectId(1)), "/home/someone/api"),
            300..9000 => (None, "/home/someone/old/website"),
            _ => (None, ""),
        };
        let cost = match number % 4 {
            0 => None,
            1 => Some((410_000, Basis::Estimated, false)),
            2 => Some((1_250_000, Basis::Reported, false)),
            _ => Some((0, Basis::Estimated, true)),
        };
        ConversationView {
            conversation: Conversation {
                agent: ["claude", "codex", "gemini", "opencode"][number % 4].into(),
                id: format!("{number:08x}-0000"),
                directory: directory.into(),
                title: TITLES[number % 5].into(),
                prompt: "Fix the login, please.\nMind the tests.".into(),
                model: "claude-opus-5-5".into(),
                started_at: NOW,
                changed_at: NOW.plus(-(number as i64 + 1) * 3_600_000),
                messages: 12,
                cost: cost.map(|(usd, basis, unpriced)| Cost {
                    usd: MicroUsd(usd),
                    basis,
                    unpriced,
                    tokens: 5000,
                }),
            },
            project,
            task: None,
            size: 1200 * (number as u64 + 1) * u64::from(number % 4 != 3),
        }
    };
    Library {
        rows: (0..10_000).map(row).collect(),
        looking: None,
    }
}

impl Library {
    fn list(&self, which: &ListConversations) -> Conversations {
        let words = which.words.to_lowercase();
        let mut rows: Vec<ConversationView> = self
            .rows
            .iter()
            .filter(|row| row.conversation.title.to_lowercase().contains(&words))
            .filter(|row| which.project.is_none() || row.project == which.project)
            .cloned()
            .collect();
        if !which.foreign && !rows.is_empty() {
            rows[0].task = Some(TaskId(12));
        }
        let mut groups: Vec<ConversationGroup> = Vec::new();
        for row in rows.iter().filter(|_| which.grouped) {
            let directory = match row.project {
                Some(_) => "".into(),
                None => row.conversation.directory.clone(),
            };
            match groups.last_mut() {
                Some(group) if (group.project, &group.directory) == (row.project, &directory) => {
                    group.count += 1;
                }
                _ => groups.push(ConversationGroup {
                    project: row.project,
                    directory,
                    count: 1,
                }),
            }
        }
        let all = rows.len() as u32;
        let part = rows
            .into_iter()
            .skip(which.skip as usize)
            .take(which.limit as usize);
        Conversations {
            rows: part.collect(),
            all,
            groups,
            looking: self.looking.is_some(),
            read: self.looking,
        }
    }

    fn answer(&self, model: &Model, request: &Request) -> Option<Response> {
        Some(match request {
            Request::ListSessions(_) => {
                let views = model.cards.values().filter_map(|card| card.session.clone());
                let mut views: Vec<SessionView> = views.collect();
                if let Some(first) = views.first_mut() {
                    first.cost = model.cards.values().find_map(|card| card.cost);
                }
                Response::ListSessions(views)
            }
            Request::ListConversations(which) => Response::ListConversations(self.list(which)),
            Request::FindLines(find) => {
                let line = |id: &String| FoundLine {
                    id: id.clone(),
                    line: (!id.ends_with("5-0000")).then(|| {
                        format!("the {} does not work \u{1b}]0;x\u{7}any more", find.words)
                    }),
                    speaker: Speaker::User,
                    place: 7,
                    text: find.words.clone(),
                };
                // Not all that was asked for.
                let some = find.ids.iter().take(9);
                Response::FindLines(some.map(line).collect())
            }
            _ => return None,
        })
    }
}

/// Answers what was asked, and what is asked for thereupon.
pub fn answer_all(model: &mut Model, asked: Update, library: &Library) {
    let mut open = vec![asked];
    for _ in 0..200 {
        let Some(asked) = open.pop() else {
            return;
        };
        for request in calls(&asked) {
            if let Some(response) = library.answer(model, request) {
                open.push(update(model, reply(request.clone(), response)));
            }
        }
    }
    panic!("it never stops asking");
}

/// The message that something happened.
pub fn event(event: Event) -> Msg {
    Msg::Link(LinkEvent::Event(event))
}
