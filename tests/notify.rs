//! What the user is told while nobody looks: once, whatever is open and however often the daemon starts, and
//! nothing in it that an agent has made up but plain words.
#![allow(clippy::unwrap_used)]

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gluon::domain::notify::Announcement;
use support::{Home, Screen, wait_until};

/// An agent that asks once nobody looks any more (two terminals have told it so), then again after a key; in
/// between it tries what it can to get at the user's terminal.
const AGENT: &str = r#"
stty raw -echo
ask() { printf '\033]7501;state=blocked:app=x:kind=permission:msg=%s\007' "$1"; }
key() { dd bs=1 count=1 2>/dev/null; }
printf '\033[?1004hready\r\n'
gone=0
while [ $gone -lt 2 ]; do
  case "$(dd bs=3 count=1 2>/dev/null)" in *O) gone=$((gone+1));; esac
done
printf '\033]9;evil\007\033]777;notify;evil;evil\007\033]99;;evil\007\033]52;c;ZXZpbA==\007\033]2;evil\007'
ask UnVuIBtdOTtldmlsByBpdD8=
key >/dev/null
printf '\033]7501;state=working:app=x\007'
ask U2Vjb25kPw==
key >/dev/null
printf '\033]7501;state=working:app=x\007done\r\n'
sleep 1000"#;

const CTRL_Q: &[u8] = b"\x11";

/// The titles and bodies that were shown by OSC 99.
fn shown(screens: &[&Screen]) -> Vec<String> {
    let mut parts = Vec::new();
    for screen in screens {
        let written = String::from_utf8_lossy(&screen.written).into_owned();
        for sequence in written.split("\x1b]99;").skip(1) {
            let (keys, rest) = sequence.split_once(';').unwrap();
            let payload = rest.split('\x1b').next().unwrap();
            let text = String::from_utf8(STANDARD.decode(payload).unwrap()).unwrap();
            let part = keys.split(':').find_map(|key| key.strip_prefix("p="));
            parts.push(format!("{} {text}", part.unwrap()));
        }
    }
    parts
}

fn leave(screen: &mut Screen) {
    screen.wait_for("ready");
    screen.keys("\r");
    screen.wait_for(" AGENT ");
    screen.bytes(b"\x1b[O");
}

#[test]
fn it_is_told_once_through_one_terminal_and_only_in_plain_words() {
    let mut home = Home::new();
    home.set_env("TERM", "xterm-kitty");
    let told = home.path().join("told");
    let config = home.path().join("config");
    std::fs::create_dir_all(&config).unwrap();
    let settings = format!(
        "[notify]\ngrace = 0\ndesktop = \"off\"\ncommand = \"cat >>{0}; echo >>{0}\"\n",
        told.display()
    );
    std::fs::write(config.join("config.toml"), settings).unwrap();
    let repo = home.repo("api");
    let script = home.path().join("agent.sh");
    std::fs::write(&script, AGENT).unwrap();
    let run = [
        "new",
        "the login",
        "--start",
        "--",
        "sh",
        script.to_str().unwrap(),
    ];
    home.gluon(&repo, &run);

    let mut one = home.open(&repo, &["tui"], (100, 30));
    let mut other = home.open(&repo, &["tui"], (100, 30));
    leave(&mut one);
    leave(&mut other);
    let lines = || {
        let text = std::fs::read_to_string(&told).unwrap_or_default();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.collect::<Vec<Announcement>>()
    };
    wait_until("the command", || (lines().len() == 1).then_some(()));
    one.wait_for("1 needs you");
    other.wait_for("1 needs you");

    // The next daemon finds the same ask, and another after it.
    let daemon = home.servers().0;
    home.gluon(&repo, &["daemon", "restart"]);
    wait_until("the boards to be back", || {
        let status = home.json(&repo, &["daemon", "status", "--json"]);
        let back = status["pid"] != daemon && status["clients"].as_u64()? >= 3;
        back.then_some(())
    });
    home.gluon(&repo, &["keys", "1", "x"]);
    wait_until("the second", || (lines().len() == 2).then_some(()));
    home.gluon(&repo, &["keys", "1", "x"]);
    one.wait_for("done");
    other.wait_for("done");
    one.wait_gone("needs you");
    other.wait_gone("needs you");

    for screen in [&mut one, &mut other] {
        // What it was told last is over, and is taken back before it goes.
        if shown(&[screen])
            .iter()
            .any(|part| part.ends_with("Second?"))
        {
            screen.wait_written(":p=close;");
        }
        screen.bytes(CTRL_Q);
        screen.wait_for(" BOARD ");
        screen.keys("q");
        assert!(screen.wait_end());
        screen.assert_restored();
        let written = String::from_utf8_lossy(&screen.written).into_owned();
        for raw in ["\x1b]9;", "\x1b]777;", "\x1b]52;", "\x1b]2;evil"] {
            assert!(!written.contains(raw), "{raw:?} in {written:?}");
        }
        // The window said so too, and has its own title again.
        assert!(written.contains("\x1b]2;(1) gluon\x1b\\"), "{written:?}");
        let last = written.rfind("\x1b]2;").unwrap();
        assert!(written[last..].starts_with("\x1b]2;\x1b\\\x1b[23;0t"));
    }
    let mut parts = shown(&[&one, &other]);
    parts.sort();
    let agent = "command";
    assert_eq!(
        parts,
        [
            format!("body {agent} asks: Run ]9;evil it?"),
            format!("body {agent} asks: Second?"),
            "close ".to_owned(),
            "title gluon: #1 the login".to_owned(),
            "title gluon: #1 the login".to_owned(),
        ]
    );
    assert_eq!(lines()[0].tasks[0].words, "Run ]9;evil it?");
}
