//! Looking objects up as virsh does: one call, and libvirt's own error.

use rhai::Array;
use rhai::plugin::{Dynamic, ImmutableString, NativeCallContext, export_module};

use crate::api::{Context, Fallible};
use crate::error::{Error, Result};
use crate::libvirt::Connection;
use crate::virsh::complete::{candidates, place_of_words};
use crate::virsh::{Line, Word, names_in_time};

/// A way to find an object: its kind, by what it is found, and the call.
type Way = (&'static str, &'static str, Find);
type Find = fn(&Connection, &str) -> Result<Dynamic>;

const WAYS: &[Way] = &[
    ("domain", "id", |c, text| {
        let id = text.parse().map_err(|_| Error::usage(format!("{text:?} is no number")))?;
        c.domain_by_id(id).map(Dynamic::from)
    }),
    ("domain", "name", |c, text| c.domain_by_name(text).map(Dynamic::from)),
    ("domain", "uuid", |c, text| c.domain_by_uuid(text).map(Dynamic::from)),
    ("interface", "mac", |c, text| c.interface_by_mac(text).map(Dynamic::from)),
    ("interface", "name", |c, text| c.interface_by_name(text).map(Dynamic::from)),
    ("network", "name", |c, text| c.network_by_name(text).map(Dynamic::from)),
    ("network", "uuid", |c, text| c.network_by_uuid(text).map(Dynamic::from)),
    ("node_device", "name", |c, text| c.node_device_by_name(text).map(Dynamic::from)),
    ("nwfilter", "name", |c, text| c.nwfilter_by_name(text).map(Dynamic::from)),
    ("nwfilter", "uuid", |c, text| c.nwfilter_by_uuid(text).map(Dynamic::from)),
    ("pool", "name", |c, text| c.pool_by_name(text).map(Dynamic::from)),
    ("pool", "uuid", |c, text| c.pool_by_uuid(text).map(Dynamic::from)),
    ("secret", "uuid", |c, text| c.secret_by_uuid(text).map(Dynamic::from)),
    ("volume", "key", |c, text| c.volume_by_key(text).map(Dynamic::from)),
    ("volume", "path", |c, text| c.volume_by_path(text).map(Dynamic::from)),
];

fn way(kind: &str, by: &str) -> Result<Find> {
    let way = WAYS.iter().find(|way| way.0 == kind && way.1 == by);
    way.map(|way| way.2).ok_or_else(|| Error::usage(format!("a {kind} is not found by {by}")))
}

/// What the last of these words can become.
fn completions(connection: &Connection, words: &[String]) -> Vec<String> {
    let Some((typed, words)) = words.split_last() else { return Vec::new() };
    let words = last_command(words);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let Some(place) = place_of_words(&words, typed) else { return Vec::new() };
    let uri = Some(connection.uri()).filter(|uri| uri != "default");
    let found = candidates(&place, typed, |value| names_in_time(uri.as_deref(), value));
    found.into_iter().map(|(word, _)| word).filter(|word| word.starts_with(typed)).collect()
}

/// The words of the last command: a word may hold several commands.
fn last_command(words: &[String]) -> Vec<String> {
    let mut last = Vec::new();
    for word in words {
        if !word.contains(';') {
            last.push(word.clone());
            continue;
        }
        let mut line = Line::new(word);
        while let Ok(Some(word)) = line.next_word() {
            match word {
                Word::Text(text) => last.push(text),
                Word::Separator => last.clear(),
            }
        }
    }
    last
}

#[export_module(manifest)]
pub(super) mod find_functions {
    /// Finds an object of the default connection with one call.
    ///
    /// `kind` is `domain`, `network`, `pool` and so on; `by` is `name`, `uuid`, `mac`, `key`, `path` or `id`.
    ///
    /// Errors: libvirt's own; `usage` for a kind that is not found so.
    ///
    /// ```rhai
    /// print(vsh::find("network", "name", "default"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn find(
        context: NativeCallContext,
        kind: ImmutableString,
        by: ImmutableString,
        text: ImmutableString,
    ) -> Fallible<Dynamic> {
        Ok(way(&kind, &by)?(&Context::of(&context)?.connection(), &text)?)
    }

    /// Finds an object in the first of these ways that has one, or `()`: a text that is no number is no `id`, and a
    /// `uuid` has 36 characters.
    ///
    /// Errors: `usage` for a kind that is not found so.
    ///
    /// ```rhai
    /// print(vsh::find("domain", ["id", "uuid", "name"], "test"));
    /// ```
    #[rhai_fn(name = "find", return_raw)]
    pub fn find_in_ways(
        context: NativeCallContext,
        kind: ImmutableString,
        ways: Array,
        text: ImmutableString,
    ) -> Fallible<Dynamic> {
        let connection = Context::of(&context)?.connection();
        for by in ways {
            let by = by.to_string();
            let find = way(&kind, &by)?;
            let may_be = match by.as_str() {
                "id" => text.trim().parse::<i64>().is_ok_and(|id| id >= 0),
                "uuid" => text.chars().count() == 36,
                _ => true,
            };
            if may_be {
                match find(&connection, &text) {
                    Err(error) if !error.ends_the_run() => {}
                    found => return Ok(found?),
                }
            }
        }
        Ok(Dynamic::UNIT)
    }

    /// The words that the last of these can become, as shells ask for them in a line of virsh.
    ///
    /// Names are asked for over a connection of their own that asks nobody for a password, and for a moment only.
    ///
    /// ```rhai
    /// print(vsh::candidates(["net-list", "--au"]));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn candidates(context: NativeCallContext, words: Array) -> Fallible<Array> {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        let found = super::completions(&Context::of(&context)?.connection(), &words);
        Ok(found.into_iter().map(Into::into).collect())
    }

    /// How many objects of a kind the default connection has, with one call.
    ///
    /// The kinds are `networks`, `defined_networks`, `pools`, `interfaces`, `nwfilters`, `secrets`, `node_devices` and so on.
    ///
    /// Errors: libvirt's own, also where the driver cannot count them; `usage` for a kind that does not exist.
    ///
    /// ```rhai
    /// print(vsh::count("networks"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn count(context: NativeCallContext, kind: ImmutableString) -> Fallible<i64> {
        Ok(Context::of(&context)?.connection().count(&kind)?.into())
    }
}
