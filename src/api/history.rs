//! The module `history`: what was measured, kept for later, and what ran and what it changed.

mod records;

use jiff::Timestamp;
use rhai::plugin::export_module;
use rhai::{Array, Dynamic, Map, NativeCallContext};

use super::host_context::allow;
use super::permissions::Permission::Write;
use super::{Context, Fallible};
use crate::error::{Error, Result};
use crate::history::{Number, Place, Sample, Store, Wanted};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, any, text};
use crate::libvirt::Connection;
use crate::output::did_you_mean;
use crate::units;
use crate::uri::without_password;

/// Registers the module.
pub(super) fn register(natives: &mut Natives) {
    natives.namespace(
        "history",
        &[&history_functions::RHAI_MANIFEST, &records::record_functions::RHAI_MANIFEST],
    );
}

pub(super) use records::{CHANGES, RUNS};

pub(super) static SAMPLES: OptionTable = OptionTable {
    function: "history::samples",
    options: &[
        text("kind", "Only samples of this kind of object: `host`, `guest`, `pool`, or a word of your own."),
        text("name", "Only samples of the object of this name."),
        text("measure", "Only samples of this measure, such as `allocation`."),
        any("since", "Not older ones: a time, or how long ago, such as `\"30d\"`."),
        any("until_", "Not newer ones: a time, or how long ago.").alias("before"),
        text("host", "Only samples of the host with this URI; without it those of all."),
    ],
};

/// The keys of a sample that is added.
const KEYS: [&str; 5] = ["kind", "name", "measure", "value", "time"];

fn open(context: &Context) -> Result<Store> {
    Store::open(Place::find(context.history())?)
}

/// The store, if there is one.
fn existing(context: &Context) -> Result<Option<Store>> {
    Place::find_existing(context.history())?.map_or(Ok(None), Store::open_existing)
}

/// A moment: a time, or how long ago it was.
fn moment(value: &Dynamic) -> Result<Timestamp> {
    if let Ok(text) = value.as_immutable_string_ref() {
        return units::parse_moment(&text);
    }
    let ago = super::units::duration(value).map_err(|error| {
        Error::usage(error.to_string())
            .hint("give a time such as \"2026-03-01\", or how long ago it was, such as \"30d\"")
    })?;
    Timestamp::now().checked_sub(ago).map_err(|_| Error::usage("that is too long ago"))
}

/// The moment of a sample: an RFC 3339 text, or seconds since 1970.
fn time(value: &Dynamic) -> Result<Timestamp> {
    if let Ok(text) = value.as_immutable_string_ref() {
        return Ok(units::parse_time(&text)?.timestamp());
    }
    let seconds = value.as_float().or_else(|_| value.as_int().map(|whole| whole as f64));
    units::from_unix(
        seconds.map_err(|kind| Error::usage(format!("a time is a text or a number, not {kind}")))?,
    )
}

fn sample(place: usize, value: &Dynamic, host: &str, now: Timestamp) -> Result<Sample> {
    let wrong = |why: &str| {
        Error::usage(format!("sample {place} {why}"))
            .hint("a sample is #{ kind: \"pool\", name: \"default\", measure: \"allocation\", value: 42 }")
    };
    let Some(map) = value.read_lock::<Map>() else {
        return Err(wrong(&format!("is {}, not a map", value.type_name())));
    };
    if let Some(key) = map.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(did_you_mean(Error::usage(format!("sample {place} has no key `{key}`")), key, &KEYS));
    }
    let word = |key: &str| {
        let given =
            map.get(key).and_then(|value| value.as_immutable_string_ref().ok().map(|text| text.to_string()));
        given.filter(|text| !text.is_empty()).ok_or_else(|| wrong(&format!("has no text as `{key}`")))
    };
    let number = map.get("value").ok_or_else(|| wrong("has no `value`"))?;
    let value = match (number.as_int(), number.as_float()) {
        (Ok(whole), _) => Number::Int(whole),
        (_, Ok(number)) if number.is_finite() => Number::Float(number),
        _ => return Err(wrong(&format!("has {number} as its value, which is no number"))),
    };
    let time = map.get("time").filter(|time| !time.is_unit()).map_or(Ok(now), time);
    let time = time.map_err(|error| wrong(&format!("has a wrong time: {error}")))?;
    Ok(Sample {
        time,
        host: host.into(),
        kind: word("kind")?,
        name: word("name")?,
        measure: word("measure")?,
        value,
    })
}

/// The name of a host in the store.
fn host_of(connection: &Connection) -> Result<String> {
    connection.open()?;
    Ok(without_password(&connection.uri()))
}

fn add(context: &Context, samples: &Array) -> Result<()> {
    let now = Timestamp::now();
    let host = host_of(&context.connection())?;
    let samples: Vec<Sample> = samples
        .iter()
        .enumerate()
        .map(|(place, value)| sample(place, value, &host, now))
        .collect::<Result<_>>()?;
    open(context)?.add(&samples)
}

fn row(sample: Sample) -> Dynamic {
    let value = match sample.value {
        Number::Int(whole) => Dynamic::from(whole),
        Number::Float(number) => Dynamic::from(number),
    };
    let entries: [(&str, Dynamic); 6] = [
        ("time", units::time_text(sample.time).into()),
        ("host", sample.host.into()),
        ("kind", sample.kind.into()),
        ("name", sample.name.into()),
        ("measure", sample.measure.into()),
        ("value", value),
    ];
    entries.into_iter().map(|(key, value)| (key.into(), value)).collect::<Map>().into()
}

fn samples(context: &Context, options: Map) -> Result<Array> {
    let options = SAMPLES.read(options)?;
    let wanted = Wanted {
        host: options.get_text("host")?,
        kind: options.get_text("kind")?,
        name: options.get_text("name")?,
        measure: options.get_text("measure")?,
        since: options.get_any("since")?.as_ref().map(moment).transpose()?,
        until: options.get_any("until_")?.as_ref().map(moment).transpose()?,
    };
    let Some(store) = existing(context)? else { return Ok(Array::new()) };
    Ok(store.samples(&wanted)?.into_iter().map(row).collect())
}

/// What was measured, kept in the history store.
#[export_module(manifest)]
pub mod history_functions {
    /// Keeps what was measured on the host of the default connection, all of it or nothing.
    ///
    /// Each is a map `#{ kind, name, measure, value, time }`: the kind of object (`host`, `guest`, `pool`, or a word of
    /// your own), its name, what was measured, a number (bytes for sizes), and when; without `time` that is now. A second value of the same moment takes the place of the first. The store is `history.db` in the state folder, or the `store` of the
    /// section `[history]` of the configuration; several programs may use it at once.
    ///
    /// Errors: `usage` for what is no sample; `io` where the store cannot be written, is damaged or of a newer program;
    /// `denied` with `--deny write`.
    ///
    /// ```rhai
    /// history::add_samples(pools().filter(|p| p.active).map(|p|
    ///     #{ kind: "pool", name: p.name, measure: "allocation", value: p.allocation }));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn add_samples(context: NativeCallContext, samples: Array) -> Fallible<()> {
        allow(&context, Write, "history::add_samples", "")?;
        let run = Context::of(&context)?;
        Ok(add(&run, &samples).map_err(|error| error.operation("history.add_samples"))?)
    }

    /// What was measured, by time: all of it.
    ///
    /// See `history::samples(options)`.
    ///
    /// Errors: `io` where the store cannot be read.
    ///
    /// @returns [map]
    ///
    /// ```rhai
    /// print(history::samples().len());
    /// ```
    #[rhai_fn(name = "samples", return_raw)]
    pub fn samples(context: NativeCallContext) -> Fallible<Array> {
        samples_with(context, Map::new())
    }

    /// What was measured, by time: one map `#{ time, host, kind, name, measure, value }` for each.
    ///
    /// Values are what was added, bytes for sizes. Without a store there is nothing.
    ///
    /// Errors: `usage` for what is no time; `io` where the store cannot be read, is damaged or of a newer program.
    ///
    /// @returns [map]
    ///
    /// ```rhai
    /// let growth = history::samples(#{ kind: "pool", measure: "allocation", since: "90d" });
    /// if growth.len() > 1 { plot(growth, #{ unit: "bytes" }) }
    /// ```
    #[rhai_fn(name = "samples", return_raw)]
    pub fn samples_with(context: NativeCallContext, options: Map) -> Fallible<Array> {
        let run = Context::of(&context)?;
        Ok(super::samples(&run, options).map_err(|error| error.operation("history.samples"))?)
    }

    /// What the store calls the host of a connection: its URI without a password (`virConnectGetURI`).
    ///
    /// Errors: those of opening the connection.
    ///
    /// ```rhai
    /// print(history::samples(#{ host: history::host_of(conn()), since: "7d" }).len());
    /// ```
    #[rhai_fn(return_raw)]
    pub fn host_of(connection: Connection) -> Fallible<String> {
        Ok(super::host_of(&connection)?)
    }

    /// Removes samples older than a time, or than so long ago; returns how many there were.
    ///
    /// How long ago is a text such as `"400d"`, or seconds.
    ///
    /// Errors: `usage` for what is no time; `io` as `history::add_samples`; `denied` with `--deny write`.
    ///
    /// ```rhai
    /// history::prune("400d");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn prune(context: NativeCallContext, before: Dynamic) -> Fallible<i64> {
        allow(&context, Write, "history::prune", "")?;
        let run = Context::of(&context)?;
        let removed = moment(&before).and_then(|before| open(&run)?.prune(before));
        Ok(removed.map_err(|error| error.operation("history.prune"))? as i64)
    }
}
