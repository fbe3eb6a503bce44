//! The recorded sessions judged as the daemon judges live ones: as they were, and with their silences made
//! longer, their spinners turning on, or what they did done again.
//!
//! What the recordings do not have is set by each test: the child processes. A look is taken every second, of long silences every five.

use std::collections::BTreeSet;

use super::*;
use crate::domain::health::{Chart, Children, Sign, Thresholds, Verdict};
use crate::domain::{Health, HealthRule};

/// Between two looks, in milliseconds: of what is as it was, and of long silences.
const LOOK: u64 = 1_000;
const SELDOM: u64 = 5_000;
const MINUTE: u64 = 60_000;

/// A recording with its events at other times.
struct Variant {
    recording: Recording,
    /// Between two looks, in milliseconds.
    look: u64,
    children: Children,
    /// The child process that works all the time, if one does.
    busy: Option<&'static str>,
}

impl Variant {
    fn of(recording: &Recording) -> Variant {
        Variant {
            recording: recording.clone(),
            look: LOOK,
            children: Children::None,
            busy: None,
        }
    }

    /// Nothing happens for `silence` after the event at `place`.
    fn with_silence(mut self, place: usize, silence: u64) -> Variant {
        for (at, _) in &mut self.recording.events[place + 1..] {
            *at += silence;
        }
        if silence > MINUTE {
            self.look = SELDOM;
        }
        self
    }

    /// The verdicts, each with when it was given; looks go on until the end of what was recorded.
    fn verdicts(&self) -> Vec<(u64, Verdict)> {
        let recording = &self.recording;
        let mut replay = Replay::new(recording, &[]);
        replay.begin();
        let began = Timestamp(recording.began);
        let mut chart = Chart::default();
        chart.present.started = began;
        chart.present.children = self.children.clone();
        let (mut verdicts, mut next, mut printed) = (Vec::new(), self.look, None);
        for (at, event) in &recording.events {
            while next < *at {
                replay.pass_time(next + 1);
                replay.note(next);
                let now = replay.moment(next).time;
                if let Some(name) = self.busy {
                    let name = name.to_owned();
                    chart.history.note(now, Sign::Child { name, cpu: 900 });
                }
                let last = replay.shown.last().unwrap();
                chart.note_activity(&last.activity, last.since);
                if let Some(at) = printed.take() {
                    let screen = replay.stage.screen().unwrap();
                    chart.note_screen(&screen, at);
                }
                verdicts.push((next, chart.judge(&Thresholds::default(), now)));
                next += self.look;
            }
            replay.pass_time(*at);
            let now = replay.moment(*at);
            match event {
                Event::Hook(payload) => {
                    let hook = read_hook(payload.as_bytes());
                    for sign in hook.into_iter().flat_map(|hook| hook.signs) {
                        chart.history.note(now.time, sign);
                    }
                }
                Event::Out(_) => printed = Some(now.time),
                // Whose end is known is not judged any more.
                Event::Exit(_) => return verdicts,
                _ => {}
            }
            replay.take(event, now);
            replay.note(*at);
        }
        verdicts
    }

    /// The first verdict of that kind, and how many minutes after `from` it came.
    fn first(&self, health: Health, from: u64) -> Option<u64> {
        let verdicts = self.verdicts();
        let found = verdicts
            .iter()
            .find(|(_, verdict)| verdict.health == Some(health))?;
        Some(found.0.saturating_sub(from) / MINUTE)
    }
}

fn healthy(recording: &Recording) -> BTreeSet<String> {
    let ill = |(at, verdict): (u64, Verdict)| {
        verdict
            .is_ill()
            .then(|| format!("at {at}: {} {}", verdict.word(), verdict.evidence))
    };
    let verdicts = Variant::of(recording).verdicts();
    assert!(!verdicts.is_empty());
    verdicts.into_iter().filter_map(ill).collect()
}

/// Where in a recording this is true, alone and for at least a second: the events within.
fn places(recording: &Recording, word: &str) -> Vec<usize> {
    let mut places = Vec::new();
    let mut truly = false;
    for (place, (_, event)) in recording.events.iter().enumerate() {
        match event {
            Event::Truth(truth) => truly = truth.words == [word],
            Event::Exit(_) | Event::End => break,
            _ if truly => places.push(place),
            _ => {}
        }
    }
    places
}

#[test]
fn nobody_is_called_ill_in_what_was_recorded() {
    for (name, recording) in corpus() {
        assert_eq!(healthy(&recording), BTreeSet::new(), "{name}");
    }
}

/// Whoever waits for the user, or for a limit, or has nothing to do, may do so for hours.
#[test]
fn who_need_not_move_is_well_for_hours() {
    let mut seen = BTreeSet::new();
    for (name, recording) in corpus() {
        for word in [
            "idle",
            "waiting(permission)",
            "waiting(question)",
            "limited",
        ] {
            let Some(place) = places(&recording, word).pop() else {
                continue;
            };
            // Where the screen has said so already.
            // A limit that is told with its end lasts an hour; then its agent is to go on.
            let minutes = if word == "limited" { 50 } else { 90 };
            let variant = Variant::of(&recording).with_silence(place, minutes * MINUTE);
            let from = recording.events[place].0;
            for (at, verdict) in variant.verdicts() {
                assert!(
                    at < from || !verdict.is_ill(),
                    "{name}, {word}: {} {}",
                    verdict.word(),
                    verdict.evidence
                );
            }
            seen.insert(word);
        }
    }
    assert_eq!(seen.len(), 4, "{seen:?}");
}

/// A model may think for four minutes, at every moment at which a recorded one was at work; a tool may take
/// longer, if a child process is busy.
#[test]
fn silence_while_it_works_is_judged_by_its_length_and_its_children() {
    let mut judged = 0;
    for (name, recording) in corpus() {
        let working = places(&recording, "working");
        // Each moment would be each letter of a spinner.
        for place in working
            .iter()
            .copied()
            .step_by(working.len().div_ceil(2).max(1))
        {
            let from = recording.events[place].0;
            let of = |silence: u64| Variant::of(&recording).with_silence(place, silence);
            let four = of(4 * MINUTE).verdicts();
            let ill = four.iter().find(|(_, verdict)| verdict.is_ill());
            assert!(ill.is_none(), "{name} at {from}: {ill:?}");

            let build = Variant {
                busy: Some("rustc"),
                ..of(20 * MINUTE)
            };
            let ill = build.verdicts().into_iter().find(|(_, v)| v.is_ill());
            assert!(ill.is_none(), "{name} at {from}, a long build: {ill:?}");

            let nothing = of(20 * MINUTE);
            let last = nothing.verdicts();
            let during = last
                .iter()
                .rfind(|(at, _)| *at < from + 20 * MINUTE)
                .unwrap();
            // Who was not known to work any more (its own word was missing) is not judged by its silence.
            if during.1.rule == HealthRule::Untold || during.1.rule == HealthRule::Idle {
                continue;
            }
            judged += 1;
            // Its last sign was there up to a minute before, but for the frames of its spinner.
            let at = |variant: &Variant, health| variant.first(health, from);
            let (slow, stuck) = (at(&nothing, Health::Slow), at(&nothing, Health::Stuck));
            assert!(matches!(slow, Some(4 | 5)), "{name} at {from}: {slow:?}");
            assert!(
                matches!(stuck, Some(14 | 15)),
                "{name} at {from}: {stuck:?}"
            );

            let waits = Variant {
                children: Children::Still {
                    name: "sleep 1200".into(),
                    since: Timestamp(recording.began + from as i64),
                },
                ..of(20 * MINUTE)
            };
            let (slow, stuck) = (at(&waits, Health::Slow), at(&waits, Health::Stuck));
            assert!(matches!(slow, Some(4 | 5)), "{name} at {from}: {slow:?}");
            assert_eq!(stuck, None, "{name} at {from}");
        }
    }
    assert!(judged > 20, "{judged}");
}

/// A stream of the model's that hangs while the spinner turns: the recorded frames, over and over.
#[test]
fn a_model_that_hangs_behind_a_turning_spinner_is_slow_then_stuck() {
    for name in ["claude-hang", "codex-hang"] {
        let corpus = corpus();
        let recording = &corpus.iter().find(|(other, _)| other == name).unwrap().1;
        let working = places(recording, "working");
        // The frames of its last ten recorded seconds: by then it only turns.
        let end = recording.events[*working.last().unwrap()].0;
        let frames: Vec<(u64, Event)> = working
            .iter()
            .map(|place| recording.events[*place].clone())
            .filter(|(at, event)| *at + 10_000 > end && matches!(event, Event::Out(_)))
            .collect();
        assert!(frames.len() > 3, "{name}: {}", frames.len());
        let begun = frames[0].0;
        let mut events: Vec<(u64, Event)> = recording
            .events
            .iter()
            .filter(|(at, _)| *at < begun)
            .cloned()
            .collect();
        let length = end + 500 - begun;
        let turns = 20 * MINUTE / length;
        for turn in 0..turns {
            let later = |(at, event): &(u64, Event)| (at + turn * length, event.clone());
            events.extend(frames.iter().map(later));
        }
        events.push((begun + turns * length, Event::End));
        let variant = Variant {
            recording: Recording {
                events,
                ..recording.clone()
            },
            look: SELDOM,
            ..Variant::of(recording)
        };
        // It fell silent somewhere in the recording, a minute long at most.
        let slow = variant.first(Health::Slow, 0);
        assert!(slow.is_some_and(|minutes| minutes == 5), "{name}: {slow:?}");
        let stuck = variant.first(Health::Stuck, 0);
        assert!(
            stuck.is_some_and(|minutes| minutes == 15),
            "{name}: {stuck:?}"
        );
    }
}

/// A recorded call done three times over is a loop, and done twice is none.
#[test]
fn recorded_calls_done_over_and_over_are_a_loop() {
    let mut loops = 0;
    for (name, recording) in corpus() {
        let call = |event: &Event| {
            match event {
            Event::Hook(payload) => read_hook(payload.as_bytes()).is_some_and(|hook| {
                let called = |sign: &Sign| {
                    matches!(sign, Sign::Called(call) if call.result.is_some() && !call.waits)
                };
                hook.signs.len() == 1 && hook.signs.iter().all(called)
            }),
            _ => false,
        }
        };
        let Some(place) = recording.events.iter().position(|(_, event)| call(event)) else {
            continue;
        };
        let again = |times: u64| {
            let mut variant = Variant::of(&recording).with_silence(place, times * 3_000);
            let (at, event) = variant.recording.events[place].clone();
            let events = (1..times).map(|n| (at + n * 2_000, event.clone()));
            variant
                .recording
                .events
                .splice(place + 1..place + 1, events.collect::<Vec<_>>());
            variant
        };
        loops += 1;
        assert_eq!(again(2).first(Health::Looping, 0), None, "{name}");
        assert!(again(3).first(Health::Looping, 0).is_some(), "{name}");
    }
    assert!(loops > 1, "{loops}");
}
