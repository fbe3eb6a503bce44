//! The usual script: a small plausible feature, made from the seed, the prompt and the files that are there.

use super::script::{Edit, Step};
use crate::domain::names;

/// Pseudo-randomness that is the same everywhere (SplitMix64).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice for a seed and a text.
    pub fn new(seed: u64, text: &str) -> Self {
        let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ hash)
    }

    /// A number below `end`; 0 where `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)).checked_rem(end).unwrap_or(0)
    }

    /// One of them.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(usize::try_from(self.below(items.len() as u64)).unwrap_or(0))
    }

    fn say(&mut self, lines: &[&str]) -> Step {
        Step::Say(self.pick(lines).copied().unwrap_or_default().to_owned())
    }
}

/// The steps for `words`, the prompt of turn number `turn` (from 0), where `files` are there.
pub fn plot(seed: u64, words: &str, turn: usize, files: &[String]) -> Vec<Step> {
    let mut dice = Dice::new(seed.wrapping_add(turn as u64), words);
    if turn > 0 && words.split_whitespace().count() < 3 {
        return vec![
            Step::Think(800),
            dice.say(&[
                "Gladly. Say what comes next, in a sentence or two, and I set to work.",
                "Noted. Nothing is left to do from my side; tell me what you would like next.",
            ]),
        ];
    }
    let title = match names::title_from_prompt(words) {
        title if title.is_empty() => "Tidy up the notes".to_owned(),
        title => title,
    };
    let name = match names::slug(&title) {
        slug if slug.is_empty() => format!("change-{}", turn + 1),
        // A name in code does not start with a digit.
        slug if slug.starts_with(|c: char| c.is_ascii_digit()) => {
            format!("do_{}", slug.replace('-', "_"))
        }
        slug => slug.split('-').take(4).collect::<Vec<_>>().join("_"),
    };
    let file = new_file(files, &name);
    let mut steps = vec![
        dice.say(&[
            "I'll first look at how this is laid out.",
            "Let me get an overview before I change anything.",
            "I start with what is already there.",
        ]),
        Step::Think(1200),
        Step::Run("ls".to_owned()),
    ];
    steps.extend(to_read(files, &mut dice).into_iter().map(Step::Read));
    steps.push(Step::Think(1800));
    steps.push(Step::Say(plan(&title, &file, &mut dice)));
    steps.push(Step::Edit(Edit {
        path: file.clone(),
        content: Some(source(&file, &name, &title)),
        ..Edit::default()
    }));
    steps.push(Step::Edit(Edit {
        path: "NOTES.md".to_owned(),
        append: Some(format!("- {title}: see `{file}`\n")),
        ..Edit::default()
    }));
    steps.push(Step::Think(900));
    // `file` is made of letters, digits, `_`, `.` and `/` of existing directories; quoted all the same.
    let check = format!("wc -l '{}' NOTES.md", file.replace('\'', ""));
    steps.push(Step::AskPermission(format!("Run `{check}`?")));
    steps.push(Step::Run(check));
    steps.push(Step::Commit(title.clone()));
    steps.push(Step::Say(summary(&title, &file, &mut dice)));
    steps
}

fn plan(title: &str, file: &str, dice: &mut Dice) -> String {
    let first = dice.pick(&[
        "Here is what I'll do:",
        "That is clear enough. My plan:",
        "A small change will do:",
    ]);
    format!(
        "{}\n\n1. put **{title}** into `{file}`, apart from the rest\n2. note it in `NOTES.md`\n\
         3. check the result and commit",
        first.unwrap_or(&"My plan:")
    )
}

fn summary(title: &str, file: &str, dice: &mut Dice) -> String {
    let last = dice.pick(&[
        "Tell me if you want it done differently.",
        "The rest of the code is as it was.",
        "What shall I do next?",
    ]);
    format!(
        "Done: **{title}**. The change is in `{file}`, with a line in `NOTES.md`, and committed. {}",
        last.unwrap_or(&"")
    )
}

/// A README where there is one, and one or two others.
fn to_read(files: &[String], dice: &mut Dice) -> Vec<String> {
    let mut chosen: Vec<String> = files
        .iter()
        .filter(|file| file.to_ascii_lowercase().starts_with("readme"))
        .take(1)
        .cloned()
        .collect();
    for _ in 0..2 {
        if let Some(file) = dice.pick(files)
            && !chosen.contains(file)
        {
            chosen.push(file.clone());
        }
    }
    chosen
}

/// The new file: beside the others of its kind, in the language that most files are in.
fn new_file(files: &[String], name: &str) -> String {
    let kinds = ["rs", "py", "ts", "js", "go", "sh"];
    let count = |kind: &str| {
        let end = format!(".{kind}");
        files.iter().filter(|file| file.ends_with(&end)).count()
    };
    // The first of the most frequent, so that the order above settles a tie.
    let kind = kinds.iter().rev().max_by_key(|kind| count(kind));
    let kind = kind.filter(|kind| count(kind) > 0).copied().unwrap_or("md");
    let plain = |file: &&String| {
        let legal = |c: char| c.is_ascii_alphanumeric() || "/_-.".contains(c);
        file.chars().all(legal) && file.ends_with(&format!(".{kind}")) && !file.contains("test")
    };
    let dir = files
        .iter()
        .find(plain)
        .and_then(|file| file.rsplit_once('/'));
    match dir {
        Some((dir, _)) => format!("{dir}/{name}.{kind}"),
        None => format!("{name}.{kind}"),
    }
}

fn source(file: &str, name: &str, title: &str) -> String {
    let title: String = title.chars().filter(|c| !"\"\\{}".contains(*c)).collect();
    match file.rsplit_once('.').map_or("md", |(_, kind)| kind) {
        "rs" => format!(
            "//! {title}.\n\n/// What this part is for.\npub fn {name}() -> &'static str {{\n    \"{title}\"\n}}\n\n\
             #[cfg(test)]\nmod tests {{\n    #[test]\n    fn says_what_it_is_for() {{\n        \
             assert!(!super::{name}().is_empty());\n    }}\n}}\n"
        ),
        "py" => format!(
            "\"\"\"{title}.\"\"\"\n\n\ndef {name}() -> str:\n    \"\"\"Say what this part is for.\"\"\"\n    \
             return \"{title}\"\n"
        ),
        "ts" | "js" => {
            format!("// {title}.\n\nexport function {name}() {{\n  return \"{title}\";\n}}\n")
        }
        "go" => format!(
            "package main\n\n// {name} says what this part is for.\nfunc {name}() string {{\n\treturn \"{title}\"\n}}\n"
        ),
        "sh" => format!(
            "# {title}.\n\n{name}() {{\n    printf '%s\\n' \"{}\"\n}}\n",
            title.replace(['$', '`'], "")
        ),
        _ => format!("# {title}\n\nWhat it is for, and how it is used.\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_same_seed_makes_the_same_plot() {
        let files = files(&["README.md", "src/main.rs", "src/lib.rs", "Cargo.toml"]);
        let make = |seed, words, turn| plot(seed, words, turn, &files);
        assert_eq!(make(1, "Add a cache", 0), make(1, "Add a cache", 0));
        let different =
            (0..20).filter(|seed| make(*seed, "Add a cache", 0) != make(1, "Add a cache", 0));
        assert!(different.count() > 5);
    }

    #[test]
    fn the_new_file_fits_in() {
        for (there, expected) in [
            (&["src/main.rs", "src/a.rs", "x.py"][..], "src/x.rs"),
            (&["app.py"], "x.py"),
            (&["lib/a.sh", "tests/run.sh"], "lib/x.sh"),
            (&["README.md"], "x.md"),
            (&[], "x.md"),
            (&["we ird'/a.py", "ok/b.py"], "ok/x.py"),
        ] {
            assert_eq!(new_file(&files(there), "x"), expected);
        }
    }

    #[test]
    fn any_prompt_makes_a_plot() {
        for words in [
            "",
            "日本語だけ",
            "-rf / 'quoted' $(x)",
            &"long ".repeat(1000),
        ] {
            for turn in 0..2 {
                let steps = plot(3, words, turn, &[]);
                for step in steps {
                    if let Step::Run(command) = step {
                        assert!(!command.contains(['$', '`', '(']), "{command}");
                    }
                }
            }
        }
    }
}
