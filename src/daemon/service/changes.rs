//! A task's changes for review: read in pages, commented on, and sent to its agent as one message.
//!
//! Invariants: the pages of one reading belong to one text, whatever the agent writes meanwhile; a comment
//! is stored before it is shown; comments count as sent only once the message is on its way; what was
//! reviewed is kept before the agent can change it.

use std::hash::BuildHasher;
use std::sync::Arc;

use super::records::{Change, USER};
use super::{Caller, Service, blocking};
use crate::daemon::clock;
use crate::domain::comment::{MOST_WORDS, message};
use crate::domain::{Comment, CommentId, TaskId};
use crate::git::{self, Git, Which};
use crate::protocol::{
    AddComment, ApiError, ApiResult, ChangesPage, EditComment, ErrorCode, ReadChanges, Scope,
    SendMessage, SendReview, StartTask, TaskCard,
};

/// The longest text that is read for a review, in bytes.
const MOST: usize = 48 << 20;
/// The longest page, in bytes.
const PAGE: usize = 1 << 20;
/// Texts that are kept for their further pages.
const KEPT: usize = 3;

/// A text whose pages may still be asked for.
pub(super) struct Reading {
    task: TaskId,
    version: u64,
    text: Arc<str>,
}

impl Service {
    pub(super) async fn read_changes(
        self: &Arc<Self>,
        _: &Caller,
        read: ReadChanges,
    ) -> ApiResult<ChangesPage> {
        let reviewed = self.store.reviewed(read.task)?;
        let (version, text) = match read.version {
            Some(version) => (version, self.known_changes(&read, version)?),
            None => self.changes_now(&read, reviewed.as_ref()).await?,
        };
        let first = read.offset == 0;
        let (from, to) = page(&text, read.offset);
        Ok(ChangesPage {
            version,
            offset: from as u64,
            total: text.len() as u64,
            text: text[from..to].to_owned(),
            reviewed_at: reviewed.map(|(_, at)| at),
            comments: match first {
                true => self.store.comments(read.task)?,
                false => Vec::new(),
            },
        })
    }

    fn known_changes(&self, read: &ReadChanges, version: u64) -> ApiResult<Arc<str>> {
        let state = self.state();
        let known = state
            .readings
            .iter()
            .find(|known| known.task == read.task && known.version == version);
        known.map(|known| known.text.clone()).ok_or_else(|| {
            ApiError::new(ErrorCode::NotFound, "these changes are no longer at hand")
                .with_hint("read them anew")
        })
    }

    async fn changes_now(
        &self,
        read: &ReadChanges,
        reviewed: Option<&(String, crate::domain::Timestamp)>,
    ) -> ApiResult<(u64, Arc<str>)> {
        let task = self.task(read.task)?;
        let Some(branch) = self.branch_of(&task)? else {
            return Ok((0, "".into()));
        };
        let since = match (read.scope, reviewed) {
            (Scope::SinceReview, None) => {
                let message = "these changes have not been reviewed yet";
                return Err(ApiError::new(ErrorCode::Refused, message)
                    .with_hint("comment on them and send the comments first"));
            }
            (_, reviewed) => reviewed.map(|(snapshot, _)| snapshot.clone()),
        };
        let (scope, ignore_space) = (read.scope, read.ignore_space);
        let text = blocking(move || {
            let which = match (scope, &since) {
                (Scope::SinceReview, Some(snapshot)) => Which::Since(snapshot),
                (Scope::Committed, _) => Which::Committed,
                (Scope::Uncommitted, _) => Which::Uncommitted,
                _ => Which::All,
            };
            let wanted = git::Wanted {
                base_commit: &branch.base_commit,
                base_name: branch.base.as_deref(),
                which,
                ignore_space,
                most: MOST,
            };
            git::changes(&Git::new(), &branch.worktree, &wanted)
        });
        let text: Arc<str> = text.await??.into();
        let version = foldhash::fast::FixedState::default().hash_one(&*text);
        let mut state = self.state();
        state
            .readings
            .retain(|known| known.task != read.task || known.version != version);
        // One page needs no keeping.
        if text.len() > PAGE {
            state.readings.truncate(KEPT - 1);
            let (task, text) = (read.task, text.clone());
            state.readings.insert(
                0,
                Reading {
                    task,
                    version,
                    text,
                },
            );
        }
        Ok((version, text))
    }

    pub(super) async fn list_comments(
        self: &Arc<Self>,
        _: &Caller,
        task: TaskId,
    ) -> ApiResult<Vec<Comment>> {
        self.task(task)?;
        Ok(self.store.comments(task)?)
    }

    pub(super) async fn add_comment(
        self: &Arc<Self>,
        _: &Caller,
        add: AddComment,
    ) -> ApiResult<Comment> {
        self.task(add.task)?;
        let text = checked(&add.text)?;
        if text.is_empty() {
            return Err(ApiError::new(ErrorCode::Invalid, "the comment is empty"));
        }
        let comment = Comment {
            id: CommentId(0),
            task: add.task,
            place: add.place,
            quote: add.quote.chars().take(MOST_WORDS).collect(),
            text,
            made_at: clock::now(),
            sent_at: None,
        };
        Ok(self.store.add_comment(&comment)?)
    }

    pub(super) async fn edit_comment(
        self: &Arc<Self>,
        _: &Caller,
        edit: EditComment,
    ) -> ApiResult<Vec<Comment>> {
        let text = checked(&edit.text)?;
        if !self.store.set_comment(edit.task, edit.comment, &text)? {
            let message = format!("task {} has no such comment to change", edit.task);
            return Err(ApiError::new(ErrorCode::NotFound, message)
                .with_hint("what the agent was told stays as it is"));
        }
        Ok(self.store.comments(edit.task)?)
    }

    pub(super) async fn send_review(
        self: &Arc<Self>,
        caller: &Caller,
        send: SendReview,
    ) -> ApiResult<TaskCard> {
        let task = self.task(send.task)?;
        let mut comments = self.store.comments(send.task)?;
        comments.retain(|comment| comment.sent_at.is_none());
        if comments.is_empty() && send.text.trim().is_empty() {
            let message = "there is no comment to send";
            return Err(ApiError::new(ErrorCode::Invalid, message)
                .with_hint("`c` in the changes, or `gluon comment`, makes one"));
        }
        let snapshot = match self.branch_of(&task)? {
            Some(branch) if branch.worktree.is_dir() => {
                let id = task.id.0;
                let held = blocking(move || git::mark_reviewed(&Git::new(), &branch.worktree, id));
                Some(held.await??)
            }
            _ => None,
        };
        let text = message(&comments, &send.text);
        let card = match send.recap {
            false => {
                let message = SendMessage {
                    task: send.task,
                    text,
                };
                self.send_message(caller, message).await?
            }
            true => {
                let start = StartTask {
                    task: send.task,
                    message: Some(text),
                    fresh: false,
                    recap: true,
                    size: None,
                };
                self.start_task(caller, start).await?
            }
        };
        let ids: Vec<CommentId> = comments.iter().map(|comment| comment.id).collect();
        self.store
            .set_reviewed(send.task, &ids, snapshot.as_deref(), clock::now())?;
        let words = match ids.len() {
            1 => "1 comment".to_owned(),
            count => format!("{count} comments"),
        };
        self.note_event(send.task, &Change::new(USER, "reviewed").detail(words));
        Ok(card)
    }
}

fn checked(text: &str) -> ApiResult<String> {
    let text = text.trim();
    if text.chars().count() > MOST_WORDS {
        let message = format!("the comment is longer than {MOST_WORDS} characters");
        return Err(ApiError::new(ErrorCode::Invalid, message));
    }
    Ok(text.to_owned())
}

/// Where the page from `offset` on begins and ends: with a whole line, where a line is that short.
fn page(text: &str, offset: u64) -> (usize, usize) {
    let from = usize::try_from(offset)
        .unwrap_or(usize::MAX)
        .min(text.len());
    let from = text.floor_char_boundary(from);
    let most = text.floor_char_boundary((from + PAGE).min(text.len()));
    if most == text.len() {
        return (from, most);
    }
    let line = text[from..most].rfind('\n').map(|at| from + at + 1);
    (from, line.unwrap_or(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_end_with_a_line_and_make_up_the_text() {
        for text in [
            "ä line\n".repeat(PAGE / 3),
            "ä".repeat(PAGE),
            "short\n".to_owned(),
            String::new(),
        ] {
            let mut offset = 0;
            let mut whole = String::new();
            loop {
                let (from, to) = page(&text, offset);
                assert_eq!(from as u64, offset);
                whole.push_str(&text[from..to]);
                assert!(to > from || to == text.len());
                offset = to as u64;
                if to == text.len() {
                    break;
                }
                assert!(text[..to].ends_with('\n') || !text.contains('\n'));
            }
            assert!(whole == text);
        }
        assert_eq!(page("äb", 1), (0, 3));
        assert_eq!(page("ab", u64::MAX), (2, 2));
    }
}
