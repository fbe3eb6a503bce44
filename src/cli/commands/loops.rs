//! `gluon loop`: shows and steers the loops.

use clap::{Args, Subcommand};

use super::super::args::{Format, OneTask};
use super::super::context::Context;
use super::super::failure::{Code, Failure, Outcome};
use super::super::output::clean;
use super::super::output::paint::Role;
use super::super::output::table::{Cell, Table, left, right, text};
use super::super::{loop_words as words, pick};
use crate::client::Client;
use crate::domain::MicroUsd;
use crate::domain::loops::{IterationRecord, Most, NewLimits};
use crate::domain::units::short_duration;
use crate::protocol::{Api, ControlLoop, LoopControl, LoopView};

const AFTER_HELP: &str = "\
A loop works by itself, iteration after iteration, until it is complete or a
limit, its circuit breaker or you say stop; then its task is in review.
`gluon new --loop` makes one.

Examples:
  gluon loop                                all loops
  gluon loop status 12                      one, with its evidence
  gluon loop pause 12                       after this iteration; --now interrupts it
  gluon loop continue 12 \"use postgres\"     and tell the next iteration something
  gluon loop stop 12 --after                into review after this iteration
  gluon loop limit 12 --max-iterations 80 --budget 5
  gluon loop history 12 --json";

const STATUS_EXAMPLES: &str = "\
Examples:
  gluon loop status                  all loops, a line each
  gluon loop status 12               one, with its evidence
  gluon loop status 12 --json        for scripts";

const PAUSE_EXAMPLES: &str = "\
Examples:
  gluon loop pause 12                the iteration ends first
  gluon loop pause 12 --now          it is interrupted; what it changed stays";

const CONTINUE_EXAMPLES: &str = "\
Examples:
  gluon loop continue 12
  gluon loop continue 12 \"use postgres\"";

const STOP_EXAMPLES: &str = "\
Examples:
  gluon loop stop 12                 at once
  gluon loop stop 12 --after         the iteration ends first";

const LIMIT_EXAMPLES: &str = "\
Examples:
  gluon loop limit 12 --max-iterations 80
  gluon loop limit 12 --budget 5 --max-time 6h
  gluon loop limit 12 --max-iterations unlimited --yes-unlimited

What is not named stays as it is.";

const TELL_EXAMPLES: &str = "\
Examples:
  gluon loop tell 12 \"the port is 8080\"";

const HISTORY_EXAMPLES: &str = "\
Examples:
  gluon loop history 12              the newest first
  gluon loop history 12 --json       with what each said and cost";

/// Show and steer loops
#[derive(Debug, Args)]
#[command(name = "loop", after_help = AFTER_HELP)]
pub(in crate::cli) struct Loop {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// How a loop stands, with the evidence: confidence, breaker, check, limits
    #[command(after_help = STATUS_EXAMPLES)]
    Status {
        /// The task; all loops where none is named
        task: Option<String>,
        #[command(flatten)]
        format: Format,
    },
    /// Hold it after the iteration that runs
    #[command(after_help = PAUSE_EXAMPLES)]
    Pause {
        #[command(flatten)]
        task: OneTask,
        /// At once: interrupt the iteration
        #[arg(long)]
        now: bool,
        #[command(flatten)]
        format: Format,
    },
    /// Let it go on; an open breaker allows one iteration to try
    #[command(after_help = CONTINUE_EXAMPLES)]
    Continue {
        #[command(flatten)]
        task: OneTask,
        /// What the next iteration is told
        message: Option<String>,
        #[command(flatten)]
        format: Format,
    },
    /// End it: its task goes into review
    #[command(after_help = STOP_EXAMPLES)]
    Stop {
        #[command(flatten)]
        task: OneTask,
        /// After the iteration that runs
        #[arg(long)]
        after: bool,
        #[command(flatten)]
        format: Format,
    },
    /// Change its limits, also while it runs
    #[command(after_help = LIMIT_EXAMPLES)]
    Limit {
        #[command(flatten)]
        task: OneTask,
        /// The most it may cost, in dollars
        #[arg(
            long,
            value_name = "DOLLARS",
            value_parser = super::new::dollars,
            allow_negative_numbers = true
        )]
        budget: Option<MicroUsd>,
        #[command(flatten)]
        limits: LimitArgs,
        #[command(flatten)]
        format: Format,
    },
    /// Tell the next iteration something
    #[command(after_help = TELL_EXAMPLES)]
    Tell {
        #[command(flatten)]
        task: OneTask,
        /// What
        message: String,
        #[command(flatten)]
        format: Format,
    },
    /// What came of each iteration
    #[command(after_help = HISTORY_EXAMPLES)]
    History {
        #[command(flatten)]
        task: OneTask,
        #[command(flatten)]
        format: Format,
    },
}

/// The limits of a loop.
#[derive(Debug, Clone, Default, Args)]
pub(in crate::cli) struct LimitArgs {
    /// The most iterations, or `unlimited` [default: 50]
    #[arg(long, value_name = "N", value_parser = count)]
    max_iterations: Option<Most<u32>>,
    /// The most time at work, as 90m or 4h, or `unlimited` [default: 4h]
    #[arg(long, value_name = "TIME", value_parser = most_time)]
    max_time: Option<Most<i64>>,
    /// The most time for one iteration, or `unlimited` [default: 30m]
    #[arg(long, value_name = "TIME", value_parser = most_time)]
    iteration_time: Option<Most<i64>>,
    /// The time between two iterations [default: 5s]
    #[arg(long, value_name = "TIME", value_parser = time)]
    rest: Option<i64>,
    /// The most time for the check command [default: 10m]
    #[arg(long, value_name = "TIME", value_parser = time)]
    check_time: Option<i64>,
    /// Yes, really: a limit may be `unlimited`
    #[arg(long)]
    yes_unlimited: bool,
}

impl LimitArgs {
    /// The limits, with a budget that is told elsewhere.
    pub(in crate::cli) fn limits(&self, budget: Option<Most<MicroUsd>>) -> Outcome<NewLimits> {
        let unlimited = [
            (
                self.max_iterations == Some(Most::Unlimited),
                "--max-iterations",
            ),
            (self.max_time == Some(Most::Unlimited), "--max-time"),
            (
                self.iteration_time == Some(Most::Unlimited),
                "--iteration-time",
            ),
        ];
        if let Some((_, flag)) = unlimited.iter().find(|(is, _)| *is)
            && !self.yes_unlimited
        {
            let message = format!("{flag} unlimited takes the loop off its leash");
            return Err(Failure::new(Code::Refused, message)
                .with_hint("add --yes-unlimited if that is what you want"));
        }
        Ok(NewLimits {
            iterations: self.max_iterations,
            time: self.max_time,
            iteration: self.iteration_time,
            budget,
            pause: self.rest,
            check: self.check_time,
        })
    }

    /// Whether any is told.
    pub(in crate::cli) fn is_some(&self) -> bool {
        self.limits(None).map_or(true, |limits| !limits.is_empty())
    }
}

impl Loop {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let client = ctx.client().await?;
        let whole = self.format.json;
        match self.action {
            None => all(ctx, &client, whole).await,
            Some(Action::Status { task: None, format }) => {
                all(ctx, &client, whole || format.json).await
            }
            Some(Action::Status {
                task: Some(task),
                format,
            }) => {
                let id = pick::task(&client, &task).await?;
                let view = client.show_loop(id).await?;
                if whole || format.json {
                    return ctx.out.json(&view);
                }
                ctx.out.text(words::status(&view, ctx.now, ctx.out))
            }
            Some(Action::Pause { task, now, format }) => {
                steer(
                    ctx,
                    &client,
                    &task,
                    LoopControl::Pause { now },
                    whole || format.json,
                )
                .await
            }
            Some(Action::Continue {
                task,
                message,
                format,
            }) => {
                let what = LoopControl::Continue { message };
                steer(ctx, &client, &task, what, whole || format.json).await
            }
            Some(Action::Stop {
                task,
                after,
                format,
            }) => {
                steer(
                    ctx,
                    &client,
                    &task,
                    LoopControl::Stop { after },
                    whole || format.json,
                )
                .await
            }
            Some(Action::Limit {
                task,
                budget,
                limits,
                format,
            }) => {
                let limits = limits.limits(budget.map(Most::At))?;
                limit(ctx, &client, &task, limits, whole || format.json).await
            }
            Some(Action::Tell {
                task,
                message,
                format,
            }) => {
                steer(
                    ctx,
                    &client,
                    &task,
                    LoopControl::Tell(message),
                    whole || format.json,
                )
                .await
            }
            Some(Action::History { task, format }) => {
                history(ctx, &client, &task, whole || format.json).await
            }
        }
    }
}

async fn steer(
    ctx: &Context,
    client: &Client,
    task: &OneTask,
    what: LoopControl,
    json: bool,
) -> Outcome {
    let task = pick::task(client, &task.task).await?;
    let view = client.control_loop(ControlLoop { task, what }).await?;
    if json {
        return ctx.out.json(&view);
    }
    ctx.out.line(words::line(&view, ctx.now, ctx.out))
}

async fn limit(
    ctx: &Context,
    client: &Client,
    task: &OneTask,
    limits: NewLimits,
    json: bool,
) -> Outcome {
    if limits.is_empty() {
        return Err(Failure::usage("no limit is told")
            .with_hint("for example --max-iterations 80 or --budget 5"));
    }
    steer(ctx, client, task, LoopControl::Limits(limits), json).await
}

async fn all(ctx: &Context, client: &Client, json: bool) -> Outcome {
    let cards = client.board(()).await?.cards;
    let loops = cards
        .into_iter()
        .filter_map(|card| Some((card.task, card.loop_view?)));
    let loops: Vec<(crate::domain::Task, LoopView)> = loops.collect();
    if json {
        let views: Vec<&LoopView> = loops.iter().map(|(_, view)| view).collect();
        return ctx.out.json(&views);
    }
    if loops.is_empty() {
        return ctx
            .out
            .line("no loop has begun; `gluon new --loop \"…\" --start` begins one");
    }
    let mut table = Table::new([
        right("TASK"),
        text("TITLE"),
        right("ITERATION"),
        right("SURE"),
        left("BREAKER"),
        left("CHECK"),
        right("COST"),
        text("NOW"),
    ]);
    for (task, view) in &loops {
        table.row([
            Cell::new(format!("#{}", task.id), Role::Accent),
            Cell::from(task.title.clone()),
            Cell::from(words::iterations(view)),
            Cell::from(format!("{} %", view.confidence.percent)),
            words::breaker(view),
            words::check(view),
            Cell::from(words::cost(view)),
            words::stage(view, ctx.now),
        ]);
    }
    ctx.out.table(&table)
}

async fn history(ctx: &Context, client: &Client, task: &OneTask, json: bool) -> Outcome {
    let id = pick::task(client, &task.task).await?;
    let history = client.loop_history(id).await?;
    if json {
        return ctx.out.json(&history);
    }
    if history.iterations.is_empty() {
        return ctx.out.line("no iteration is over yet");
    }
    let mut table = Table::new([
        right("N"),
        right("AGO"),
        right("TOOK"),
        left("PROGRESS"),
        left("CHECK"),
        right("SURE"),
        right("COST"),
        text("HOW"),
        text("RECOMMENDS"),
    ]);
    for record in &history.iterations {
        table.row(row(record, ctx));
    }
    ctx.out.table(&table)
}

fn row(record: &IterationRecord, ctx: &Context) -> [Cell; 9] {
    let took = record.ended_at.since(record.started_at);
    let check = match record.check {
        Some(outcome) => Cell::new(outcome.word(), words::check_role(outcome)),
        None => Cell::default(),
    };
    let progress = match record.progress {
        true => Cell::new("yes", Role::Good),
        false => Cell::new("none", Role::Warn),
    };
    [
        Cell::from(record.number.to_string()),
        Cell::from(short_duration(ctx.now.since(record.ended_at))),
        Cell::from(short_duration(took)),
        progress,
        check,
        Cell::from(format!("{} %", record.confidence)),
        Cell::from(
            record
                .cost
                .map_or_else(String::new, |cost| cost.to_string()),
        ),
        Cell::from(clean::line(&record.how).into_owned()),
        Cell::from(clean::line(&record.recommendation).into_owned()),
    ]
}

fn count(text: &str) -> Result<Most<u32>, String> {
    if text == "unlimited" {
        return Ok(Most::Unlimited);
    }
    match text.parse() {
        Ok(0) => Err("at least 1".to_owned()),
        Ok(number) => Ok(Most::At(number)),
        Err(_) => Err("a number, or `unlimited`".to_owned()),
    }
}

fn most_time(text: &str) -> Result<Most<i64>, String> {
    match text {
        "unlimited" => Ok(Most::Unlimited),
        text => time(text).map(Most::At),
    }
}

/// `90s`, `30m`, `4h`, `1h30m`, in milliseconds.
fn time(text: &str) -> Result<i64, String> {
    let wrong = || "a time as 90s, 30m, 4h or 1h30m".to_owned();
    let mut sum = 0i64;
    let mut rest = text;
    while !rest.is_empty() {
        let unit = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let number: i64 = rest[..unit].parse().map_err(|_| wrong())?;
        let mut letters = rest[unit..].chars();
        let millis = match letters.next() {
            Some('s') => 1_000,
            Some('m') => 60_000,
            Some('h') => 3_600_000,
            Some('d') => 86_400_000,
            _ => return Err(wrong()),
        };
        sum = number
            .checked_mul(millis)
            .and_then(|part| sum.checked_add(part))
            .ok_or_else(wrong)?;
        rest = letters.as_str();
    }
    match sum {
        0 if text.is_empty() => Err(wrong()),
        sum => Ok(sum),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        for (text, millis) in [
            ("90s", Some(90_000)),
            ("30m", Some(1_800_000)),
            ("4h", Some(14_400_000)),
            ("1h30m", Some(5_400_000)),
            ("2d", Some(172_800_000)),
            ("0s", Some(0)),
            ("", None),
            ("5", None),
            ("h", None),
            ("5x", None),
            ("-5m", None),
            ("99999999999999999d", None),
        ] {
            assert_eq!(time(text).ok(), millis, "{text}");
        }
        assert_eq!(most_time("unlimited"), Ok(Most::Unlimited));
        assert_eq!(count("unlimited"), Ok(Most::Unlimited));
        assert_eq!(count("7"), Ok(Most::At(7)));
        assert!(count("0").is_err() && count("many").is_err());
    }

    #[test]
    fn unlimited_wants_an_explicit_yes() {
        let mut limits = LimitArgs {
            max_time: Some(Most::Unlimited),
            ..LimitArgs::default()
        };
        assert!(limits.limits(None).is_err());
        limits.yes_unlimited = true;
        assert!(limits.limits(None).is_ok());
        assert!(limits.is_some() && !LimitArgs::default().is_some());
    }
}
