//! The inbox: who needs the user, made from cards by the rule of [`crate::domain::inbox`].

use serde::{Deserialize, Serialize};

use super::views::TaskCard;
use crate::domain::inbox::{Facts, Need, need, order};
use crate::domain::{Activity, Reason, SessionId, Status, TaskId, Timestamp};

/// One who needs the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxEntry {
    /// The task.
    pub task: TaskId,
    /// Its title.
    pub title: String,
    /// The name of its project.
    pub project: String,
    /// Its agent.
    pub agent: String,
    /// Its newest session.
    pub session: Option<SessionId>,
    /// What the user is needed for.
    pub need: Need,
    /// The exact ask, or why it ended; the agent's own words (untrusted), may be empty.
    pub words: String,
    /// Since when.
    pub since: Timestamp,
    /// Which ask it is, for [`super::AnswerAsk`]; 0 where nothing is asked.
    pub wait: u64,
}

impl TaskCard {
    /// What the user is needed for on this card, if at all.
    pub fn need(&self) -> Option<Need> {
        let session = self.session.as_ref();
        need(Facts {
            status: self.task.status,
            reason: self.task.reason.as_ref(),
            activity: session.map(|view| &view.activity),
            over_budget: self
                .budget
                .as_ref()
                .is_some_and(|budget| budget.refused.is_some()),
            health: session.and_then(|view| view.health.as_ref()?.health),
            unseen: session.is_some_and(|view| view.unseen),
        })
    }

    /// What is asked or went wrong, in whatever words there are.
    fn words(&self, need: Need) -> String {
        let activity = self.session.as_ref().map(|view| &view.activity);
        match (activity, &self.task.reason) {
            (Some(Activity::Waiting(ask)), _) => ask.text.clone(),
            (_, Some(Reason::Failed(why))) if need == Need::Failed => why.clone(),
            (_, Some(Reason::Interrupted)) if need == Need::Failed => "interrupted".to_owned(),
            _ => String::new(),
        }
    }

    fn entry(&self) -> Option<InboxEntry> {
        let need = self.need()?;
        let session = self.session.as_ref();
        let ill = session.and_then(|view| view.health.as_ref());
        let ill = ill.filter(|_| matches!(need, Need::Stuck | Need::Looping));
        let refused = self
            .budget
            .as_ref()
            .and_then(|budget| budget.refused.clone());
        let words = match (need, ill, refused) {
            (Need::Budget, _, Some(why)) => why,
            (_, Some(verdict), _) => verdict.evidence.clone(),
            _ => self.words(need),
        };
        let since = match (ill, self.task.status, session) {
            (Some(verdict), ..) => verdict.since,
            (None, Status::Running, Some(view)) => view.activity_since,
            _ => self.task.changed_at,
        };
        Some(InboxEntry {
            task: self.task.id,
            title: self.task.title.clone(),
            project: self.project_name.clone(),
            agent: self.task.agent.clone(),
            session: session.map(|view| view.session.id),
            need,
            words,
            since,
            wait: session.map_or(0, |view| view.wait),
        })
    }
}

/// Everyone on `cards` who needs the user: the most urgent first, then who waits longest.
pub fn inbox<'a>(cards: impl IntoIterator<Item = &'a TaskCard>) -> Vec<InboxEntry> {
    let mut entries: Vec<InboxEntry> = cards.into_iter().filter_map(TaskCard::entry).collect();
    entries.sort_by_key(|entry| order(entry.need, entry.since, entry.task));
    entries
}
