//! Scripts: what the demo agent does, as data. A scenario is chosen by `@@tag`s in the prompt.

use serde::Deserialize;

/// The scripts that come with the program, by the tag that chooses them.
const SCRIPTS: &[(&str, &str)] = &[
    (
        "approve",
        include_str!("../../../assets/demo/scripts/approve.toml"),
    ),
    ("ask", include_str!("../../../assets/demo/scripts/ask.toml")),
    (
        "bench",
        include_str!("../../../assets/demo/scripts/bench.toml"),
    ),
    (
        "budget",
        include_str!("../../../assets/demo/scripts/budget.toml"),
    ),
    (
        "inbox",
        include_str!("../../../assets/demo/scripts/inbox.toml"),
    ),
    (
        "json",
        include_str!("../../../assets/demo/scripts/json.toml"),
    ),
    (
        "migrate",
        include_str!("../../../assets/demo/scripts/migrate.toml"),
    ),
    (
        "monthly",
        include_str!("../../../assets/demo/scripts/monthly.toml"),
    ),
    (
        "negative",
        include_str!("../../../assets/demo/scripts/negative.toml"),
    ),
    (
        "quick",
        include_str!("../../../assets/demo/scripts/quick.toml"),
    ),
    (
        "rounding",
        include_str!("../../../assets/demo/scripts/rounding.toml"),
    ),
    (
        "silent",
        include_str!("../../../assets/demo/scripts/silent.toml"),
    ),
    (
        "typo",
        include_str!("../../../assets/demo/scripts/typo.toml"),
    ),
];

/// Tags that are single steps; `=N` sets their number.
const WORDS: &[(&str, &str)] = &[
    ("slow", "N times slower (4)"),
    ("think", "think N milliseconds (2000)"),
    ("loop", "fail at the same thing N times (20)"),
    ("hang", "say nothing more, for ever"),
    ("fail", "end with code N (1)"),
    ("exit", "end with code N (0)"),
    ("flood", "print N bytes (10000000)"),
    ("work", "the usual small feature"),
];

/// A script as it stands in its file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// What it shows, in one sentence.
    #[serde(default)]
    pub about: String,
    /// What happens, in order.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
}

/// One step of a script.
///
/// In words, contents and messages `{answer}` becomes the user's last answer and `{word}` the same as a
/// name that code can hold; never in commands.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// Say this; backticks mark code, double asterisks what is bold.
    Say(String),
    /// Be busy for so many milliseconds.
    Think(u64),
    /// Read this file.
    Read(String),
    /// Change a file.
    Edit(Edit),
    /// Run this in `sh`.
    Run(String),
    /// Commit what was changed, with this message.
    Commit(String),
    /// Ask for leave; a no skips the next step.
    AskPermission(String),
    /// Ask, and wait for words.
    AskQuestion(String),
    /// End with this code and these words.
    Fail {
        /// The exit code.
        code: u8,
        /// The words.
        message: String,
    },
    /// Say nothing more until interrupted.
    Hang,
    /// Do these steps so many times; 0: until interrupted.
    Loop {
        /// How many times.
        times: u32,
        /// What.
        step: Vec<Step>,
    },
    /// Where this succeeds in `sh`, do these steps and none of those behind: what an iteration of a loop finds
    /// decides what it does.
    When {
        /// What is tried; not shown.
        test: String,
        /// What is done.
        step: Vec<Step>,
    },
    /// Be so many times slower from here on.
    Slow(f32),
    /// Print so many bytes as fast as the terminal takes them.
    Flood(u64),
    /// End with this code.
    Exit(u8),
    /// The usual small feature, made from seed and prompt.
    Work,
}

/// A change to a file, by exactly one of its ways.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Edit {
    /// Which file, below the working directory.
    pub path: String,
    /// All of its new content.
    pub content: Option<String>,
    /// Added to its end.
    pub append: Option<String>,
    /// Words in it (the first occurrence) that become `replace`.
    pub find: Option<String>,
    /// What they become.
    pub replace: Option<String>,
}

/// The script in `text`; an error names the line.
///
/// # Errors
/// Where it is not a script.
pub fn parse(text: &str) -> Result<Script, String> {
    toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start).min(text.len());
        let line = text[..start].matches('\n').count() + 1;
        format!("line {line}: {}", error.message().replace('\n', " "))
    })
}

/// The built-in script of that name.
pub fn built_in(name: &str) -> Option<Script> {
    let (_, text) = SCRIPTS.iter().find(|(other, _)| *other == name)?;
    parse(text).ok()
}

/// What a prompt asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The steps its tags stand for; empty where it has none.
    pub steps: Vec<Step>,
    /// Its words without the tags.
    pub words: String,
    /// Tags nobody knows.
    pub unknown: Vec<String>,
}

/// Reads the tags of a prompt: `@@name` or `@@name=N`, each a word of its own.
pub fn request(prompt: &str) -> Request {
    let mut request = Request {
        steps: Vec::new(),
        words: String::new(),
        unknown: Vec::new(),
    };
    for (index, line) in prompt.lines().enumerate() {
        if index > 0 {
            request.words.push('\n');
        }
        let mut kept = Vec::new();
        for word in line.split(' ') {
            let Some(tag) = word.strip_prefix("@@").filter(|tag| !tag.is_empty()) else {
                kept.push(word);
                continue;
            };
            match steps_of(tag) {
                Some(steps) => request.steps.extend(steps),
                None => request.unknown.push(tag.to_owned()),
            }
        }
        request.words.push_str(kept.join(" ").trim_end());
    }
    request.words = request.words.trim().to_owned();
    // A change of speed alone is no work.
    if !request.steps.is_empty()
        && request
            .steps
            .iter()
            .all(|step| matches!(step, Step::Slow(_)))
    {
        request.steps.push(Step::Work);
    }
    request
}

fn steps_of(tag: &str) -> Option<Vec<Step>> {
    let (name, number) = match tag.split_once('=') {
        Some((name, number)) => (name, Some(number.parse::<u64>().ok()?)),
        None => (tag, None),
    };
    let code = |usual: u8| u8::try_from(number.unwrap_or(u64::from(usual))).unwrap_or(u8::MAX);
    Some(match name {
        "slow" => vec![Step::Slow(number.unwrap_or(4).min(1000) as f32)],
        "think" => vec![Step::Think(number.unwrap_or(2000))],
        "loop" => vec![looping(
            u32::try_from(number.unwrap_or(20)).unwrap_or(u32::MAX),
        )],
        "hang" => vec![Step::Hang],
        "fail" => vec![Step::Fail {
            code: code(1),
            message: "the model's answer broke off (a failure on request)".to_owned(),
        }],
        "exit" => vec![Step::Exit(code(0))],
        "flood" => vec![Step::Flood(number.unwrap_or(10_000_000))],
        "work" => vec![Step::Work],
        name => built_in(name)?.steps,
    })
}

/// The same failing attempt again and again.
fn looping(times: u32) -> Step {
    Step::Loop {
        times,
        step: vec![
            Step::Say("The check still fails. Let me run it once more.".to_owned()),
            Step::Run("echo 'assertion failed: totals differ by 1'; exit 1".to_owned()),
            Step::Think(1500),
        ],
    }
}

/// All tags with what they do.
pub fn tags() -> Vec<(String, String)> {
    let words = WORDS
        .iter()
        .map(|(name, about)| ((*name).to_owned(), (*about).to_owned()));
    let scripts = SCRIPTS.iter().map(|(name, text)| {
        let about = parse(text).map(|script| script.about).unwrap_or_default();
        ((*name).to_owned(), about)
    });
    words.chain(scripts).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_script_parses_and_says_what_it_shows() {
        for (name, text) in SCRIPTS {
            let script = parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(
                !script.about.is_empty() && !script.steps.is_empty(),
                "{name}"
            );
            for step in &script.steps {
                if let Step::Edit(edit) = step {
                    let ways = [&edit.content, &edit.append, &edit.find];
                    let used = ways.iter().filter(|way| way.is_some()).count();
                    assert_eq!(used, 1, "{name}: {edit:?}");
                    assert_eq!(edit.find.is_some(), edit.replace.is_some(), "{name}");
                }
            }
        }
    }

    #[test]
    fn every_step_can_be_written() {
        let text = r#"
            [[step]]
            say = "hello"
            [[step]]
            think = 5
            [[step]]
            edit = { path = "a", content = "x" }
            [[step]]
            step = 1
        "#;
        assert!(
            parse(text).unwrap_err().starts_with("line "),
            "unknown step"
        );
        let text = r#"
            step = ["hang", { exit = 3 }, { slow = 2.5 }, { flood = 9 }, "work",
                    { fail = { code = 2, message = "m" } }, { ask_permission = "p" },
                    { ask_question = "q" }, { read = "r" }, { run = "true" }, { commit = "c" },
                    { loop = { times = 2, step = [{ say = "again" }] } },
                    { when = { test = "false", step = ["hang"] } }]
        "#;
        assert_eq!(parse(text).unwrap().steps.len(), 13);
    }

    #[test]
    fn tags_are_taken_out_of_the_words() {
        let request = request("Fix it @@slow=2 @@fail=3\nplease @@hang");
        assert_eq!(request.words, "Fix it\nplease");
        assert_eq!(request.steps[0], Step::Slow(2.0));
        assert!(matches!(request.steps[1], Step::Fail { code: 3, .. }));
        assert_eq!(request.steps[2], Step::Hang);
        assert!(request.unknown.is_empty());
    }

    #[test]
    fn what_is_no_tag_stays() {
        let plain = request("mail a@@b and @@ or @@nobody @@slow=x");
        assert_eq!(plain.words, "mail a@@b and @@ or");
        assert_eq!(plain.unknown, ["nobody", "slow=x"]);
        assert_eq!(plain.steps, []);
        assert_eq!(request("@@slow go").steps.last(), Some(&Step::Work));
    }
}
