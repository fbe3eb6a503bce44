//! What is written is nobody's in particular: nothing of this machine is in it.

use super::Stage;
use crate::real_support::support::recording::{Event, Recording};

impl Stage {
    /// Without anything of this machine: what stands for it is as long, so that the screens stay the same.
    pub(super) fn scrubbed(&self, mut recording: Recording) -> Recording {
        let root = self.lab.home.path().to_str().expect("text").to_owned();
        let port = self.model().port().to_string();
        let (parent, name) = root.rsplit_once('/').expect("an absolute path");
        let stands = format!("{parent}/{}", stand_in(name));
        let dashed = |path: &str| path.replace(['/', '.'], "-");
        let pairs = [
            (root.clone(), stands.clone()),
            (dashed(&root), dashed(&stands)),
            (name.to_owned(), stand_in(name)),
            (
                format!("127.0.0.1:{port}"),
                format!("127.0.0.1:{}", stand_in(&port)),
            ),
        ];
        let scrub = |text: &str| {
            let replace = |text: String, (from, to): &(String, String)| text.replace(from, to);
            pairs.iter().fold(text.to_owned(), replace)
        };
        for (_, event) in &mut recording.events {
            match event {
                Event::Out(bytes) => {
                    for (from, to) in &pairs {
                        replace(bytes, from.as_bytes(), to.as_bytes());
                    }
                }
                Event::Hook(text)
                | Event::Registry(text)
                | Event::Typed(text)
                | Event::Server(text)
                | Event::Answer(_, text) => *text = scrub(text),
                _ => {}
            }
        }
        recording
    }
}

/// As long, and the same for everybody.
fn stand_in(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            c if c.is_ascii_digit() => '1',
            c if c.is_alphabetic() => 'x',
            c => c,
        })
        .collect()
}

fn replace(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    assert_eq!(from.len(), to.len());
    for at in 0..bytes.len().saturating_sub(from.len() - 1) {
        if bytes[at..].starts_with(from) {
            bytes[at..at + to.len()].copy_from_slice(to);
        }
    }
}
