//! From what people type to the task or project they mean.

use std::path::Path;

use super::failure::{Code, Failure, Outcome};
use super::output::clean;
use crate::client::Client;
use crate::domain::{Project, TaskId};
use crate::protocol::{Api, Board, TaskCard};

/// The task that `text` names: its number (`12`, `#12`) or the beginning of its title.
pub(super) async fn task(client: &Client, text: &str) -> Outcome<TaskId> {
    match text.parse() {
        Ok(id) => Ok(id),
        Err(_) => by_title(&client.board(()).await?, text),
    }
}

/// The tasks that `texts` name, in their order.
pub(super) async fn tasks(client: &Client, texts: &[String]) -> Outcome<Vec<TaskId>> {
    let mut ids = Vec::new();
    for text in texts {
        ids.push(task(client, text).await?);
    }
    Ok(ids)
}

fn by_title(board: &Board, text: &str) -> Outcome<TaskId> {
    let wanted = text.trim().to_lowercase();
    let starts = |card: &&TaskCard| card.task.title.to_lowercase().starts_with(&wanted);
    let found: Vec<&TaskCard> = match wanted.as_str() {
        "" => Vec::new(),
        _ => board.cards.iter().filter(starts).collect(),
    };
    match found[..] {
        [card] => Ok(card.task.id),
        [] => Err(Failure::new(
            Code::NotFound,
            format!("no task has the number or a title beginning with `{text}`"),
        )
        .with_hint("`gluon ls` lists the tasks")),
        _ => {
            let list: Vec<String> = found
                .iter()
                .take(5)
                .map(|card| format!("{} {}", card.task.id, clean::line(&card.task.title)))
                .collect();
            let more = if found.len() > 5 { ", …" } else { "" };
            Err(Failure::usage(format!("several tasks begin with `{text}`"))
                .with_hint(format!("name one by its number: {}{more}", list.join(", "))))
        }
    }
}

/// The project that `text` names: its name, its number, or a directory in it.
pub(super) fn project(projects: &[Project], text: &str) -> Outcome<Project> {
    let named = projects.iter().find(|project| project.name == text);
    let numbered = || {
        let id = text.parse().ok()?;
        projects.iter().find(|project| project.id == id)
    };
    let around = || {
        let path = Path::new(text).canonicalize().ok()?;
        projects
            .iter()
            .filter(|project| path.starts_with(&project.path))
            .max_by_key(|project| project.path.components().count())
    };
    named
        .or_else(numbered)
        .or_else(around)
        .cloned()
        .ok_or_else(|| {
            Failure::new(Code::NotFound, format!("there is no project `{text}`"))
                .with_hint("`gluon project ls` lists them, `gluon project add` registers one")
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Mode, Priority, ProjectId, Status, Task, Timestamp};

    fn card(id: i64, title: &str) -> TaskCard {
        TaskCard {
            budget: None,
            task: Task {
                id: TaskId(id),
                project: ProjectId(1),
                title: title.into(),
                prompt: String::new(),
                agent: "demo".into(),
                command: None,
                mode: Mode::Interactive,
                base: None,
                priority: Priority::default(),
                labels: Vec::new(),
                depends_on: Vec::new(),
                budget: None,
                status: Status::Queued,
                position: 0,
                held: false,
                branch: None,
                base_commit: None,
                worktree: None,
                reason: None,
                created_at: Timestamp(0),
                changed_at: Timestamp(0),
            },
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

    #[test]
    fn a_task_is_found_by_the_beginning_of_its_title() {
        let board = Board {
            cards: vec![
                card(1, "Fix the login"),
                card(2, "Fix the logout"),
                card(3, "Docs"),
            ],
            ..Board::default()
        };
        assert_eq!(by_title(&board, "docs").unwrap(), TaskId(3));
        assert_eq!(by_title(&board, "fix the logi").unwrap(), TaskId(1));
        let several = by_title(&board, "Fix").unwrap_err();
        assert_eq!(several.code, Code::Usage);
        assert!(
            several
                .hint
                .unwrap()
                .contains("1 Fix the login, 2 Fix the logout")
        );
        for nothing in ["zzz", " ", ""] {
            assert_eq!(by_title(&board, nothing).unwrap_err().code, Code::NotFound);
        }
    }

    #[test]
    fn a_project_is_found_by_name_number_and_place() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("a/inner/src")).unwrap();
        let make = |id, name: &str, path: &str| Project {
            id: ProjectId(id),
            name: name.into(),
            path: root.join(path),
            workspace: "default".into(),
            slots: None,
            trusted_setup: None,
            trusted_check: None,
            trusted: false,
            created_at: Timestamp(0),
        };
        let projects = [
            make(1, "a", "a"),
            make(2, "inner", "a/inner"),
            make(3, "1", "x"),
        ];
        let find = |text: &str| project(&projects, text).map(|project| project.id.0);
        assert_eq!(find("inner").unwrap(), 2);
        assert_eq!(find("2").unwrap(), 2);
        assert_eq!(find("1").unwrap(), 3, "a name counts before a number");
        assert_eq!(find(root.join("a/inner/src").to_str().unwrap()).unwrap(), 2);
        assert_eq!(find(root.join("a").to_str().unwrap()).unwrap(), 1);
        assert_eq!(find("zzz").unwrap_err().code, Code::NotFound);
    }
}
