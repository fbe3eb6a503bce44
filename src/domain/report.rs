//! What was done in a time: accepted changes, what each cost, how long each waited for a human.

use super::records::EventRecord;
use super::units::Timestamp;

/// How long a task waited in review until `until`, in milliseconds, by its history in any order: from when its
/// agent was through with it, or an acceptance was taken back, until somebody decided.
pub fn waited(events: &[EventRecord], until: Timestamp) -> i64 {
    let mut ordered: Vec<&EventRecord> = events.iter().filter(|event| event.at <= until).collect();
    ordered.sort_by_key(|event| event.id);
    let mut since: Option<Timestamp> = None;
    let mut sum = 0;
    for event in ordered {
        match event.kind.as_str() {
            "finished" | "failed" | "undone" | "reopened" => {
                since.get_or_insert(event.at);
            }
            "started" | "resumed" | "requeued" | "accepted" | "cancelled" | "sent back" => {
                if let Some(since) = since.take() {
                    sum += event.at.since(since);
                }
            }
            _ => {}
        }
    }
    sum + since.map_or(0, |since| until.since(since))
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
        assert_eq!(waited(&history, Timestamp(1000)), 110);
        history.reverse();
        assert_eq!(waited(&history, Timestamp(1000)), 110, "in any order");
        assert_eq!(waited(&history, Timestamp(120)), 20, "until then");
        assert_eq!(waited(&[], Timestamp(5)), 0);
    }
}
