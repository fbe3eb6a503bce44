use super::*;

const ID: &str = "ses_de3698a19ffelnGb44vM2fvTm2";
const CHILD: &str = "ses_child00000000000000000001";
const NOW: Timestamp = Timestamp(1_795_776_000_000);

fn state() -> ServerState {
    let mut state = ServerState::new(Path::new("/repo"));
    state.answer("", session(ID, "/repo", None).as_bytes(), NOW);
    state.answer("", session(CHILD, "/repo", Some(ID)).as_bytes(), NOW);
    state
}

fn session(id: &str, directory: &str, parent: Option<&str>) -> String {
    let parent = parent.map_or("null".to_owned(), |parent| format!("{parent:?}"));
    format!(r#"{{"id":{id:?},"directory":{directory:?},"parentID":{parent},"cost":0}}"#)
}

fn status(state: &mut ServerState, id: &str, status: &str) {
    tell(
        state,
        "session.status",
        &format!(r#""sessionID":{id:?},"status":{status}"#),
    );
}

fn tell(state: &mut ServerState, what: &str, properties: &str) {
    let event = format!(r#"{{"id":"evt_1","type":{what:?},"properties":{{{properties}}}}}"#);
    state.event(event.as_bytes(), NOW);
}

fn says(state: &mut ServerState) -> Option<Activity> {
    state.report().map(|report| report.says)
}

fn waits(kind: AskKind, text: &str) -> Option<Activity> {
    let text = text.to_owned();
    Some(Activity::Waiting(Ask { kind, text }))
}

#[test]
fn what_each_event_tells() {
    let mut state = state();
    assert_eq!(says(&mut state), None, "nothing has happened");
    status(&mut state, ID, r#"{"type":"busy"}"#);
    let report = state.report().unwrap();
    assert_eq!(report.says, Activity::Working);
    assert_eq!(report.conversation.as_deref(), Some(ID));

    let ask = format!(
        r#""id":"per_1","sessionID":{ID:?},"permission":"bash","patterns":["touch a"],"metadata":{{"command":"touch a"}}"#
    );
    tell(&mut state, "permission.asked", &ask);
    tell(&mut state, "permission.asked", &ask);
    let permission = waits(AskKind::Permission, "bash: touch a");
    assert_eq!(says(&mut state), permission);
    status(&mut state, ID, r#"{"type":"busy"}"#);
    assert_eq!(says(&mut state), permission, "it still waits");
    tell(
        &mut state,
        "permission.replied",
        &format!(r#""sessionID":{ID:?},"requestID":"per_1","reply":"once""#),
    );
    assert_eq!(says(&mut state), Some(Activity::Working));

    tell(
        &mut state,
        "question.asked",
        &format!(
            r#""id":"que_1","sessionID":{ID:?},"questions":[{{"question":"Which?","options":[{{"label":"Red"}},{{"label":"Blue"}}]}}]"#
        ),
    );
    assert_eq!(
        says(&mut state),
        waits(AskKind::Question, "Which? (Red / Blue)")
    );
    tell(&mut state, "question.rejected", r#""requestID":"que_1""#);
    status(&mut state, ID, r#"{"type":"idle"}"#);
    assert_eq!(says(&mut state), Some(Activity::Idle));
}

#[test]
fn failures_and_limits() {
    let mut state = state();
    let soon = format!(
        r#"{{"type":"retry","attempt":1,"message":"overloaded","next":{}}}"#,
        NOW.0 + 2_000
    );
    status(&mut state, ID, &soon);
    assert_eq!(says(&mut state), Some(Activity::Working));
    let late = NOW.0 + 3_600_000;
    let limit = format!(r#"{{"type":"retry","attempt":1,"message":"used up","next":{late}}}"#);
    status(&mut state, ID, &limit);
    let report = state.report().unwrap();
    assert_eq!(report.says, Activity::Limited(Some(Timestamp(late))));
    assert_eq!(report.words, "retry used up");

    let error = |name: &str, code: &str| {
        format!(
            r#""sessionID":{ID:?},"error":{{"name":{name:?},"data":{{"message":"no key","statusCode":{code}}}}}"#
        )
    };
    for (name, code, expected) in [
        ("MessageAbortedError", "null", Some(Activity::Idle)),
        ("APIError", "401", waits(AskKind::Auth, "no key")),
        ("ProviderAuthError", "null", waits(AskKind::Auth, "no key")),
        ("APIError", "429", Some(Activity::Limited(None))),
        ("APIError", "500", Some(Activity::Idle)),
    ] {
        status(&mut state, ID, r#"{"type":"busy"}"#);
        tell(&mut state, "session.error", &error(name, code));
        status(&mut state, ID, r#"{"type":"idle"}"#);
        assert_eq!(says(&mut state), expected, "{name} {code}");
    }
}

#[test]
fn subagents_and_others_do_not_speak_for_it() {
    let mut state = state();
    status(&mut state, ID, r#"{"type":"busy"}"#);
    status(&mut state, CHILD, r#"{"type":"busy"}"#);
    status(&mut state, CHILD, r#"{"type":"idle"}"#);
    assert_eq!(says(&mut state), Some(Activity::Working));
    assert_eq!(state.report().unwrap().conversation.as_deref(), Some(ID));
    // What a subagent asks is asked of the user.
    tell(
        &mut state,
        "permission.asked",
        &format!(r#""id":"per_2","sessionID":{CHILD:?},"permission":"edit","patterns":["a.rs"]"#),
    );
    assert_eq!(says(&mut state), waits(AskKind::Permission, "edit: a.rs"));

    let mut state = ServerState::new(Path::new("/repo"));
    status(&mut state, ID, r#"{"type":"busy"}"#);
    assert_eq!(says(&mut state), None, "nobody knows whose it is");
    assert_eq!(state.wanted(), [format!("/session/{ID}")]);
    assert!(state.wanted().is_empty());
    let elsewhere = session(ID, "/other", None);
    state.answer("/session/x", elsewhere.as_bytes(), NOW);
    assert_eq!(says(&mut state), None, "it is led elsewhere");
    let here = session(ID, "/repo", None);
    state.answer("/session/x", here.as_bytes(), NOW);
    assert_eq!(says(&mut state), Some(Activity::Working));
}

#[test]
fn what_happened_before_is_asked() {
    let mut state = state();
    let statuses = format!(r#"{{{ID:?}:{{"type":"busy"}},"ses_; rm":{{"type":"busy"}}}}"#);
    state.answer("/session/status", statuses.as_bytes(), NOW);
    let asks = format!(r#"[{{"id":"per_1","sessionID":{ID:?},"permission":"webfetch"}}, 7]"#);
    state.answer("/permission", asks.as_bytes(), NOW);
    state.answer("/question", b"[]", NOW);
    assert_eq!(says(&mut state), waits(AskKind::Permission, "webfetch"));
    assert!(state.wanted().is_empty());
}

#[test]
fn events_that_are_missing_are_noticed() {
    const STATUS: &str = "/session/status";
    let busy = format!(r#"{{{ID:?}:{{"type":"busy"}}}}"#);
    let mut state = state();
    assert!(!state.misses(STATUS, b"{}"));
    assert!(state.misses(STATUS, busy.as_bytes()), "no event told that");
    status(&mut state, ID, r#"{"type":"busy"}"#);
    assert!(!state.misses(STATUS, busy.as_bytes()));
    assert!(state.misses(STATUS, b"{}"), "its end was not told");
    status(&mut state, ID, r#"{"type":"idle"}"#);
    assert!(!state.misses(STATUS, b"{}"));

    let asked = br#"[{"id":"per_1"}]"#;
    assert!(!state.misses("/permission", b"[]"));
    assert!(state.misses("/permission", asked));
    let ask = format!(r#""id":"per_1","sessionID":{ID:?},"permission":"bash""#);
    tell(&mut state, "permission.asked", &ask);
    assert!(!state.misses("/permission", asked));
    assert!(!state.misses("/question", b"[]"), "it is no question");
    assert!(state.misses("/permission", b"[]"), "it was answered");

    for nonsense in [&b"nonsense"[..], b"7", b"[7]", br#"{"a":7}"#, b"[{}]"] {
        assert!(!state.misses("/question", nonsense));
        assert!(!state.misses(STATUS, nonsense));
    }
}

#[test]
fn whatever_comes_is_borne() {
    let mut state = state();
    for bytes in [
        &b"\"session.\""[..],
        b"{\"type\":\"session.status\"}",
        b"[\"permission.asked\"]",
        b"\xff\"question.",
    ] {
        state.event(bytes, NOW);
        state.answer("/permission", bytes, NOW);
        state.answer("/session/status", bytes, NOW);
    }
    for number in 0..2000 {
        let id = format!("ses_flood{number:05}");
        status(&mut state, &id, r#"{"type":"busy"}"#);
        let ask = format!(r#""id":"per_{number}","sessionID":{id:?}"#);
        tell(&mut state, "permission.asked", &ask);
    }
    assert!(state.statuses.len() <= SESSIONS && state.asks.len() <= ASKS);
    assert!(state.wanted().len() <= SESSIONS);
}

#[test]
fn heads() {
    for (bytes, expected) in [
        (&b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n[]"[..], Head::Body(25)),
        (b"HTTP/1.0 200 OK\r\n\r\n", Head::Body(19)),
        (b"HTTP/1.1 401 Unauthorized\r\n\r\n", Head::Refused),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            Head::Refused,
        ),
        (b"SSH-2.0-x\r\n\r\n", Head::Refused),
        (b"HTTP/1.1 200 OK\r\n", Head::Unfinished),
        (&[b'x'; HEAD + 1], Head::Refused),
    ] {
        assert_eq!(
            head(bytes),
            expected,
            "{:?}",
            String::from_utf8_lossy(bytes)
        );
    }
}

#[test]
fn lines_come_whole_however_they_are_cut() {
    let stream = "event: x\ndata: {\"a\":1}\n\n: note\ndata:two\r\n\n".as_bytes();
    for size in 1..stream.len() {
        let mut lines = Lines::default();
        let mut said = Vec::new();
        for piece in stream.chunks(size) {
            lines.take(piece, &mut |line| said.push(line.to_owned()));
        }
        assert_eq!(said, [&b"{\"a\":1}"[..], b"two"]);
    }
    let mut lines = Lines::default();
    let mut said = Vec::new();
    for _ in 0..40 {
        lines.take(&[b'x'; 64 * 1024], &mut |_| unreachable!());
        assert!(lines.rest.len() <= LINE + 64 * 1024);
    }
    lines.take(b"data: no\ndata: yes\n", &mut |line| {
        said.push(line.to_owned())
    });
    assert_eq!(said, [b"yes"]);
}

#[test]
fn the_password_is_sent_and_not_printed() {
    for (plain, coded) in [
        ("", ""),
        ("f", "Zg=="),
        ("fo", "Zm8="),
        ("foo", "Zm9v"),
        ("foob", "Zm9vYg=="),
    ] {
        assert_eq!(base64(plain.as_bytes()), coded);
    }
    let address = ServerAddress {
        port: 4096,
        password: "secret".into(),
    };
    let request = request(&address, "/event");
    assert!(request.starts_with("GET /event HTTP/1.0\r\n"), "{request}");
    assert!(request.contains("Basic b3BlbmNvZGU6c2VjcmV0\r\n"));
    assert!(!format!("{address:?}").contains("secret"));
}
