//! Conversations that gluon did not start: found, listed by the page and by project, searched, read, priced and
//! adopted by the real daemon; files that change under it.
#![allow(clippy::unwrap_used)]

mod daemon_support;

use std::path::PathBuf;

use daemon_support::{Watcher, World};
use gluon::domain::{Basis, Speaker};
use gluon::protocol::{
    AdoptConversation, Api, ErrorCode, FindLines, ListConversations, ReadTranscript,
    SeekTranscript, TranscriptFrom, TranscriptOf,
};

struct Library {
    world: World,
    watcher: Watcher,
    projects: PathBuf,
}

fn id(number: usize) -> String {
    format!("{number:08x}-0000-4000-8000-000000000000")
}

impl Library {
    /// A Claude Code whose home is this one's; that of whoever runs the tests is none of theirs.
    async fn new() -> Library {
        let world = World::new();
        let root = world.repo.parent().unwrap().to_owned();
        let home = root.join("home");
        let manifest = format!(
            "title = \"Any\"\nprogram = \"/bin/sh\"\nconversation = \"chosen\"\ntranscripts = \"claude\"\n\
             first_prompt = \"argument\"\n[start]\nargs = [\"-c\", \"cat\"]\n\
             [resume]\nargs = [\"-c\", \"cat\", \"{{conversation}}\"]\n\
             [fork]\nargs = [\"-c\", \"cat\", \"{{from}}\"]\n[env]\nCLAUDE_CONFIG_DIR = {home:?}\n"
        );
        std::fs::create_dir_all(world.paths.agents()).unwrap();
        std::fs::write(world.paths.agents().join("any.toml"), manifest).unwrap();
        let projects = home.join("projects/any");
        std::fs::create_dir_all(&projects).unwrap();
        let watcher = world.client().await;
        Library {
            world,
            watcher,
            projects,
        }
    }

    fn path(&self, number: usize) -> PathBuf {
        self.projects.join(format!("{}.jsonl", id(number)))
    }

    /// A transcript with these prompts, each of them answered.
    fn write(&self, number: usize, cwd: &str, prompts: &[&str]) {
        let id = id(number);
        let mut text = String::new();
        for (turn, prompt) in prompts.iter().enumerate() {
            let at = format!("2026-11-2{}T20:00:0{}.000Z", number % 10, turn % 10);
            text += &format!(
                r#"{{"type":"user","message":{{"role":"user","content":"{prompt}"}},"timestamp":"{at}","cwd":"{cwd}","sessionId":"{id}"}}
{{"type":"assistant","message":{{"id":"m{number}-{turn}","role":"assistant","model":"claude-sonnet-4-5","content":[{{"type":"text","text":"answered: {prompt}"}}],"usage":{{"input_tokens":1000,"output_tokens":1000}}}},"requestId":"r{number}-{turn}","timestamp":"{at}","sessionId":"{id}"}}
"#
            );
        }
        std::fs::write(self.path(number), text).unwrap();
    }

    /// This agent's, after everything has been looked at.
    async fn list(&self, which: ListConversations) -> gluon::protocol::Conversations {
        // Looks are some seconds apart: what was written since the last one is there after the next.
        let which = ListConversations {
            agent: Some("any".into()),
            wait: true,
            limit: if which.limit == 0 { 50 } else { which.limit },
            ..which
        };
        self.watcher.client.list_conversations(which).await.unwrap()
    }

    /// Lists until what is there is as wanted.
    async fn until(&self, wanted: impl Fn(&gluon::protocol::Conversations) -> bool) {
        daemon_support::soon("the change", async {
            loop {
                if wanted(&self.list(ListConversations::default()).await) {
                    return;
                }
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        })
        .await;
    }
}

#[tokio::test]
async fn they_are_listed_by_project_and_page_searched_and_priced() {
    let library = Library::new().await;
    let repo = library.world.repo.to_str().unwrap().to_owned();
    let project = gluon::protocol::AddProject {
        directory: library.world.repo.clone(),
        name: None,
    };
    let project = library.watcher.client.add_project(project).await.unwrap();
    for number in 1..=6 {
        let cwd = if number % 2 == 0 {
            "/nowhere/else"
        } else {
            &repo
        };
        library.write(
            number,
            cwd,
            &[
                "fix the login",
                &format!("number{number} and the rate limit"),
            ],
        );
    }
    let all = library
        .list(ListConversations {
            grouped: true,
            limit: 4,
            ..Default::default()
        })
        .await;
    assert_eq!((all.all, all.rows.len(), all.looking), (6, 4, false));
    let groups: Vec<(bool, u32)> = all
        .groups
        .iter()
        .map(|it| (it.project.is_some(), it.count))
        .collect();
    assert_eq!(groups, [(false, 3), (true, 3)]);
    assert_eq!(
        all.rows[0].conversation.id,
        id(6),
        "what changed last stands first"
    );
    assert_eq!(all.rows[3].project, Some(project.id));
    let row = &all.rows[0];
    assert_eq!(row.size, std::fs::metadata(library.path(6)).unwrap().len());
    let cost = row.conversation.cost.unwrap();
    // 2 requests of 1000 tokens in at $3 and out at $15 a million.
    assert_eq!((cost.usd.0, cost.basis), (36_000, Basis::Estimated));
    let rest = ListConversations {
        grouped: true,
        skip: 4,
        ..Default::default()
    };
    assert_eq!(library.list(rest).await.rows.len(), 2);
    let of_project = ListConversations {
        project: Some(project.id),
        ..Default::default()
    };
    assert_eq!(library.list(of_project).await.all, 3);

    let search = |words: &str, titles| ListConversations {
        words: words.into(),
        titles,
        ..Default::default()
    };
    assert_eq!(
        library.list(search("number3", true)).await.rows[0]
            .conversation
            .id,
        id(3)
    );
    assert_eq!(
        library.list(search("answered", true)).await.all,
        0,
        "that was said by the agent"
    );
    assert_eq!(library.list(search("answered lim", false)).await.all, 6);
    let find = FindLines {
        ids: vec![id(3), id(99)],
        words: "rate limit".into(),
    };
    let mut lines = Vec::new();
    while lines.len() < 2 {
        let ids = find.ids[lines.len()..].to_vec();
        let some = library.watcher.client.find_lines(FindLines {
            ids,
            ..find.clone()
        });
        lines.extend(some.await.unwrap());
    }
    assert_eq!(lines[0].line.as_deref(), Some("number3 and the rate limit"));
    assert_eq!(
        (lines[0].speaker, lines[1].line.as_deref()),
        (Speaker::User, None)
    );

    // A transcript is read by the page and searched beyond it.
    let of = TranscriptOf::Conversation(id(3));
    let seek = SeekTranscript {
        of: of.clone(),
        text: "Answered: number3".into(),
        from: 0,
        back: false,
    };
    let sought = library
        .watcher
        .client
        .seek_transcript(seek.clone())
        .await
        .unwrap();
    assert_eq!(sought.at, None, "capitals count where there is one");
    let seek = SeekTranscript {
        text: "answered: number3".into(),
        ..seek
    };
    let at = library
        .watcher
        .client
        .seek_transcript(seek.clone())
        .await
        .unwrap()
        .at
        .unwrap();
    let read = ReadTranscript {
        of: of.clone(),
        from: TranscriptFrom::Place(at),
        limit: 1,
    };
    let page = library.watcher.client.read_transcript(read).await.unwrap();
    assert_eq!(
        page.passages[0].text,
        "answered: number3 and the rate limit"
    );
    let none = SeekTranscript {
        text: " ".into(),
        ..seek
    };
    let error = library
        .watcher
        .client
        .seek_transcript(none)
        .await
        .unwrap_err();
    assert_eq!(error.code, ErrorCode::Invalid);
}

#[tokio::test]
async fn files_that_change_vanish_and_cannot_be_read_are_taken_as_they_are() {
    let library = Library::new().await;
    library.write(1, "/a", &["first"]);
    library.write(2, "/a", &["second"]);
    assert_eq!(library.list(ListConversations::default()).await.all, 2);
    let titles = |view: &gluon::protocol::Conversations| {
        view.rows
            .iter()
            .map(|row| row.conversation.title.clone())
            .collect::<Vec<_>>()
    };
    // Another file in its place, longer than the one before.
    let other = library.projects.join("new");
    library.write(3, "/a", &["replaced by something longer", "and more of it"]);
    std::fs::rename(library.path(3), &other).unwrap();
    let text = std::fs::read_to_string(&other)
        .unwrap()
        .replace(&id(3), &id(1));
    std::fs::write(&other, text).unwrap();
    std::fs::rename(&other, library.path(1)).unwrap();
    library
        .until(|view| titles(view).contains(&"replaced by something longer".to_owned()))
        .await;
    // Cut short.
    library.write(2, "/a", &["2"]);
    library
        .until(|view| titles(view).contains(&"2".to_owned()))
        .await;
    // Broken lines, and one of ten megabytes, beside a good one.
    library.write(4, "/a", &["good among bad"]);
    let good = std::fs::read_to_string(library.path(4)).unwrap();
    let long = format!(
        "{{\"type\":\"user\",\"message\":\"{}\"}}",
        "x".repeat(10_000_000)
    );
    std::fs::write(
        library.path(4),
        format!("{{\n{long}\n\u{0}\n{good}[1,\n\"user\"\n"),
    )
    .unwrap();
    library
        .until(|view| titles(view).contains(&"good among bad".to_owned()))
        .await;
    std::fs::remove_file(library.path(1)).unwrap();
    std::fs::remove_file(library.path(2)).unwrap();
    std::fs::create_dir(library.path(1)).unwrap();
    library
        .until(|view| titles(view) == ["good among bad"])
        .await;
}

#[tokio::test]
async fn one_is_adopted_once_and_is_no_longer_foreign() {
    let library = Library::new().await;
    let repo = library.world.repo.to_str().unwrap().to_owned();
    library.write(1, &repo, &["fix the login"]);
    library.write(2, "/nowhere/else", &["what is not there"]);
    let foreign = || ListConversations {
        foreign: true,
        ..Default::default()
    };
    assert_eq!(library.list(foreign()).await.all, 2);
    let adopt = AdoptConversation {
        id: id(1),
        ..Default::default()
    };
    let client = library.watcher.client.clone();
    let card = client.adopt_conversation(adopt.clone()).await.unwrap();
    assert_eq!(card.task.title, "fix the login");
    let rest = library.list(foreign()).await;
    assert_eq!((rest.all, rest.rows[0].conversation.id.clone()), (1, id(2)));
    let all = library.list(ListConversations::default()).await;
    let adopted = all
        .rows
        .iter()
        .find(|row| row.conversation.id == id(1))
        .unwrap();
    assert_eq!(adopted.task, Some(card.task.id));
    let error = client.adopt_conversation(adopt).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Refused);
    // Where it was led is not there: a project has to be named.
    let lost = AdoptConversation {
        id: id(2),
        ..Default::default()
    };
    let error = client.adopt_conversation(lost.clone()).await.unwrap_err();
    assert!(error.message.contains("/nowhere/else"), "{error}");
    let named = AdoptConversation {
        project: Some(card.task.project),
        ..lost
    };
    assert!(client.adopt_conversation(named).await.is_ok());
}
