use super::*;

const ID: &str = "774b20e8-4b92-4a9f-855f-952f924f3b7e";

fn read(rest: &str) -> Option<Hook> {
    read_hook(format!(r#"{{"session_id":"{ID}","cwd":"/r",{rest}}}"#).as_bytes())
}

fn asks(kind: AskKind, text: &str) -> HookSays {
    HookSays::Asks(Ask {
        kind,
        text: text.to_owned(),
    })
}

/// Payloads as Claude Code 2.1.330 sends them, shortened.
#[test]
fn what_each_event_tells() {
    for (payload, says, words) in [
        (
            r#""hook_event_name":"SessionStart","source":"clear""#,
            HookSays::Begun,
            "SessionStart clear",
        ),
        (
            r#""hook_event_name":"UserPromptSubmit","prompt":"do it""#,
            HookSays::Working,
            "UserPromptSubmit",
        ),
        (
            r#""hook_event_name":"PermissionRequest","tool_name":"Bash","tool_input":{"description":"Run a command","command":"echo a > b\n&& ls"},"permission_suggestions":[]"#,
            asks(AskKind::Permission, "Bash: echo a > b && ls"),
            "PermissionRequest Bash: echo a > b && ls",
        ),
        (
            r#""hook_event_name":"PermissionRequest","agent_id":"a1","tool_name":"mcp__x__y","tool_input":{"n":1}"#,
            asks(AskKind::Permission, "mcp__x__y"),
            "PermissionRequest mcp__x__y",
        ),
        (
            r#""hook_event_name":"PermissionRequest","tool_name":"AskUserQuestion","tool_input":{"questions":[{"question":"Which colour?","options":[{"label":"Red"},{"label":"Blue"}]}]}"#,
            asks(AskKind::Question, "Which colour? (Red / Blue)"),
            "PermissionRequest Which colour? (Red / Blue)",
        ),
        (
            r#""hook_event_name":"PostToolUse","tool_name":"Bash","tool_response":{"stdout":"x"}"#,
            HookSays::Working,
            "PostToolUse Bash",
        ),
        (
            r#""hook_event_name":"Notification","message":"Claude needs your permission","notification_type":"permission_prompt""#,
            asks(AskKind::Permission, ""),
            "Notification",
        ),
        (
            r#""hook_event_name":"Stop","last_assistant_message":"Done.","background_tasks":[{"id":"b1","type":"shell"},{},{"type":"subagent"}]"#,
            HookSays::Idle { background: 2 },
            "Stop",
        ),
        (
            r#""hook_event_name":"StopFailure","error":"rate_limit","last_assistant_message":"API Error: (429)""#,
            HookSays::Limited,
            "StopFailure API Error: (429)",
        ),
        (
            r#""hook_event_name":"StopFailure","error":"authentication_failed""#,
            HookSays::Auth,
            "StopFailure",
        ),
        (
            r#""hook_event_name":"StopFailure","error":"server_error""#,
            HookSays::Failed,
            "StopFailure",
        ),
        (
            r#""hook_event_name":"SubagentStop","agent_id":"a1""#,
            HookSays::SubagentEnded,
            "SubagentStop",
        ),
        (
            r#""hook_event_name":"SessionEnd","reason":"other""#,
            HookSays::Ended,
            "SessionEnd other",
        ),
    ] {
        let hook = read(payload).unwrap_or_else(|| panic!("{payload}"));
        assert_eq!((&hook.says, hook.words.as_str()), (&says, words));
        assert_eq!(hook.conversation.as_deref(), Some(ID));
    }
}

#[test]
fn what_tells_nothing_of_the_agent() {
    for payload in [
        r#""hook_event_name":"Stop","agent_id":"a1""#,
        r#""hook_event_name":"StopFailure","agent_id":"a1","error":"rate_limit""#,
        r#""hook_event_name":"Notification","notification_type":"idle_prompt""#,
        r#""hook_event_name":"Tomorrow""#,
        r#""hook_event_name":7"#,
    ] {
        assert_eq!(read(payload), None, "{payload}");
    }
    for payload in ["", "null", "[]", "{}", "\u{0}", "{\"hook_event_name\":"] {
        assert_eq!(read_hook(payload.as_bytes()), None, "{payload:?}");
    }
}

#[test]
fn calls_are_signs_of_health() {
    let bash = r#""tool_name":"Bash","tool_input":{"command":"make","description":"Build"}"#;
    let signs = |rest: &str| read(rest).map(|hook| hook.signs).unwrap_or_default();
    let after = |rest: &str| signs(&format!(r#""hook_event_name":"PostToolUse",{bash}{rest}"#));
    let [Sign::Called(call)] = &after(r#","tool_response":{"stdout":"x"}"#)[..] else {
        panic!("no call");
    };
    assert_eq!(call.what, "Bash: make");
    assert!(call.result.is_some() && call.failure.is_none());
    let failed = signs(&format!(
        r#""hook_event_name":"PostToolUseFailure",{bash},"error":"Exit code 2\nmake: *** [all] Error 1""#
    ));
    let [Sign::Called(failed)] = &failed[..] else {
        panic!("no call");
    };
    assert_eq!(failed.input, call.input);
    assert!(failed.failure.as_ref().unwrap().kind.contains("error"));

    let edit = signs(
        r#""hook_event_name":"PostToolUse","tool_name":"Edit","tool_input":{"file_path":"/r/a.rs"},"tool_response":{}"#,
    );
    assert!(matches!(&edit[1], Sign::Wrote { file, content: None } if file == "/r/a.rs"));
    assert_eq!(
        signs(r#""hook_event_name":"UserPromptSubmit""#),
        [Sign::Prompted]
    );
    assert_eq!(signs(r#""hook_event_name":"Stop""#), []);

    // A subagent's calls are its own, and say nothing of the agent's turn.
    let sub = read(&format!(
        r#""hook_event_name":"PostToolUse","agent_id":"a1",{bash},"tool_response":{{"stdout":"x"}}"#
    ));
    let sub = sub.unwrap();
    assert_eq!(sub.says, HookSays::SubagentWorks);
    assert!(matches!(&sub.signs[0], Sign::Called(other) if other.input != call.input));
}

/// The output of a tool can be longer than what is read of a payload.
#[test]
fn what_was_cut_off_still_tells() {
    let payload = format!(
        r#"{{"session_id":"{ID}","hook_event_name":"PostToolUse","tool_name":"Bash","error":{{}},"tool_response":{{"stdout":"xxx"#
    );
    let hook = read_hook(payload.as_bytes()).unwrap();
    assert_eq!(hook.says, HookSays::Working);
    assert_eq!(hook.words, "PostToolUse Bash");
}

#[test]
fn no_id_becomes_a_flag_or_a_path() {
    for id in [
        "--resume-me",
        "../../etc/passwd",
        "short",
        "a b c d e f g h",
        "ünïcödeünïcöde",
    ] {
        let payload = format!(r#"{{"session_id":"{id}","hook_event_name":"Stop"}}"#);
        let hook = read_hook(payload.as_bytes()).unwrap();
        assert_eq!(hook.conversation, None, "{id}");
    }
}

#[test]
fn settings_are_json_that_never_fails_the_agent() {
    let settings: Value = serde_json::from_str(&hook_settings("/odd dir/it's/gluon")).unwrap();
    let command = &settings["hooks"]["Stop"][0]["hooks"][0]["command"];
    assert_eq!(
        command.as_str().unwrap(),
        r"'/odd dir/it'\''s/gluon' hook 2>/dev/null || true"
    );
    assert_eq!(settings["hooks"].as_object().unwrap().len(), EVENTS.len());
}

proptest::proptest! {
    #[test]
    fn nothing_panics(bytes: Vec<u8>, text in ".*") {
        let _ = read_hook(&bytes);
        let payload = json!({ "hook_event_name": "PermissionRequest", "tool_name": text, "tool_input": { "command": text } });
        let hook = read_hook(payload.to_string().as_bytes()).unwrap();
        proptest::prop_assert!(!hook.words.chars().any(char::is_control));
    }
}
