//! What was done in a time: accepted changes, what each cost, how long each waited for a human.

use super::records::EventRecord;
use super::units::Timestamp;

/// How long a task waited for the user, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waited {
    /// In review: from when its agent was through with it, or an acceptance was taken back, until somebody
    /// decided.
    pub review: i64,
    /// For an answer: a permission, a question, a login.
    pub answers: i64,
}

/// How long a task waited until `until`, by its history in any order.
pub fn waited(events: &[EventRecord], until: Timestamp) -> Waited {
    let mut ordered: Vec<&EventRecord> = events.iter().filter(|event| event.at <= until).collect();
    ordered.sort_by_key(|event| event.id);
    let (mut review, mut answer) = (Waiting::default(), Waiting::default());
    for event in ordered {
        match event.kind.as_str() {
            "asked" => answer.begin(event.at),
            "answered" => answer.end(event.at),
            "finished" | "failed" | "undone" | "reopened" => {
                // Whoever is through asks nothing any more.
                answer.end(event.at);
                review.begin(event.at);
            }
            "started" | "resumed" | "requeued" | "accepted" | "cancelled" | "sent back"
            | "stopped" => {
                answer.end(event.at);
                review.end(event.at);
            }
            _ => {}
        }
    }
    review.end(until);
    answer.end(until);
    Waited {
        review: review.sum,
        answers: answer.sum,
    }
}

/// Adds up times that begin and end.
#[derive(Default)]
struct Waiting {
    since: Option<Timestamp>,
    sum: i64,
}

impl Waiting {
    fn begin(&mut self, at: Timestamp) {
        self.since.get_or_insert(at);
    }

    fn end(&mut self, at: Timestamp) {
        if let Some(since) = self.since.take() {
            self.sum = self.sum.saturating_add(at.since(since).max(0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: i64, kind: &str, at: i64) -> EventRecord {
        EventRecord {
            id,
            at: Timestamp(at),
            task: None,
            session: None,
            kind: kind.into(),
            detail: String::new(),
            actor: "user".into(),
        }
    }

    #[test]
    fn waiting_is_from_the_end_of_work_to_a_decision() {
        let mut history = vec![
            event(1, "created", 0),
            event(2, "started", 10),
            event(3, "finished", 100),
            event(4, "checked", 120),
            event(5, "resumed", 150),
            event(6, "failed", 200),
            event(7, "accepted", 260),
        ];
        let review = |history: &[EventRecord], until| waited(history, Timestamp(until)).review;
        assert_eq!(review(&history, 1000), 110);
        history.reverse();
        assert_eq!(review(&history, 1000), 110, "in any order");
        assert_eq!(review(&history, 120), 20, "until then");
        assert_eq!(waited(&[], Timestamp(5)), Waited::default());
    }

    #[test]
    fn waiting_for_answers_counts_apart() {
        let history = [
            event(1, "started", 0),
            event(2, "asked", 10),
            event(3, "answered", 40),
            // Asked again by a daemon that was started anew: one and the same.
            event(4, "asked", 100),
            event(5, "asked", 110),
            event(6, "finished", 150),
            event(7, "answered", 155),
            event(8, "accepted", 250),
        ];
        let waited_for = |until| {
            let waited = waited(&history, Timestamp(until));
            (waited.review, waited.answers)
        };
        assert_eq!(waited_for(1000), (100, 80));
        assert_eq!(waited_for(30), (0, 20), "still asking");
    }
}
