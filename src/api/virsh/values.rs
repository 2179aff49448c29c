//! Numbers, sizes and texts as virsh reads and writes them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rhai::plugin::{Dynamic, ImmutableString, export_module};
use rhai::{Array, Blob, Map};

use crate::api::Fallible;
use crate::error::Error;
use crate::libvirt::{
    Domain, DomainCheckpoint, DomainSnapshot, Handle, Interface, Network, NodeDevice, NwFilter, Object,
    Secret, StoragePool, StorageVolume,
};
use crate::virsh::number;

const UNITS: &[&str] = &["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/// How the name of a handle is read; nothing for another value.
type Label = fn(&Dynamic) -> Option<String>;

const LABELS: &[Label] = &[
    label::<Domain>,
    label::<DomainCheckpoint>,
    label::<DomainSnapshot>,
    label::<Interface>,
    label::<Network>,
    label::<NodeDevice>,
    label::<NwFilter>,
    label::<Secret>,
    label::<StoragePool>,
    label::<StorageVolume>,
];

fn label<T: Labelled + Clone + Send + Sync + 'static>(value: &Dynamic) -> Option<String> {
    value.read_lock::<T>().map(|handle| handle.name())
}

/// What has a name.
trait Labelled {
    fn name(&self) -> String;
}

impl<O: Object> Labelled for Handle<O> {
    fn name(&self) -> String {
        self.label().to_owned()
    }
}

/// The name of a handle; another value as it prints.
fn label_of(value: &Dynamic) -> String {
    LABELS.iter().find_map(|label| label(value)).unwrap_or_else(|| value.to_string())
}

/// The key of a value for a sort that does not tell large and small letters apart.
fn sort_key(value: &Dynamic, key: &str) -> String {
    let text = match value.read_lock::<Map>() {
        Some(map) => map.get(key).map(ToString::to_string).unwrap_or_default(),
        None => label_of(value),
    };
    text.to_ascii_lowercase()
}

/// `%.Nf`, of whole numbers too.
fn fixed_text(number: &Dynamic, decimals: i64) -> Fallible<String> {
    let value = number.as_float().or_else(|_| number.as_int().map(|whole| whole as f64));
    let value = value.map_err(|kind| Error::usage(format!("a number was expected, not {kind}")))?;
    if value.is_nan() {
        // As C writes the outcome of 0/0.
        return Ok("-nan".into());
    }
    Ok(format!("{value:.*}", usize::try_from(decimals).unwrap_or_default()))
}

/// What glib makes of base64: `=` counts as a letter of value 0 that takes a byte away from its group.
fn lenient_base64(text: &[u8]) -> Blob {
    let value = |letter: u8| match letter {
        b'A'..=b'Z' => Some(letter - b'A'),
        b'a'..=b'z' => Some(letter - b'a' + 26),
        b'0'..=b'9' => Some(letter - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        b'=' => Some(0),
        _ => None,
    };
    let letters: Vec<(u8, u8)> = text.iter().filter_map(|letter| Some((*letter, value(*letter)?))).collect();
    let mut bytes = Blob::new();
    for group in letters.chunks_exact(4) {
        let whole = group.iter().fold(0_u32, |sum, (_, value)| sum << 6 | u32::from(*value));
        let [_, first, second, third] = whole.to_be_bytes();
        bytes.push(first);
        if group[2].0 != b'=' {
            bytes.push(second);
        }
        if group[3].0 != b'=' {
            bytes.push(third);
        }
    }
    bytes
}

#[export_module(manifest)]
pub(super) mod value_functions {
    /// A number that an option's text is, as a C type holds it.
    ///
    /// The types are `int`, `uint`, `ulong`, `longlong`, `ulonglong`. Numbers and `()` come back as they are.
    ///
    /// Errors: `usage` with virsh's words.
    ///
    /// ```rhai
    /// print(vsh::number("count", "4", "uint"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn number(option: ImmutableString, text: Dynamic, c_type: ImmutableString) -> Fallible<Dynamic> {
        if !text.is_string() {
            return Ok(text);
        }
        Ok(number::number(&option, &text.into_immutable_string()?, &c_type)?.into())
    }

    /// A size in bytes that an option's text is.
    ///
    /// Without a unit it counts `scale` bytes. Numbers and `()` come back as they are.
    ///
    /// Errors: `usage` with virsh's words.
    ///
    /// ```rhai
    /// print(vsh::size("bandwidth", "2M", 1));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn size(option: ImmutableString, text: Dynamic, scale: i64) -> Fallible<Dynamic> {
        if !text.is_string() {
            return Ok(text);
        }
        let text = text.into_immutable_string()?;
        Ok(number::size(&option, &text, scale.unsigned_abs())?.into())
    }

    /// A size with a unit and so many decimals: `1.50 GiB`.
    ///
    /// ```rhai
    /// print(vsh::pretty(1610612736, 2));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn pretty(bytes: i64, decimals: i64) -> Fallible<String> {
        let (mut value, mut unit) = (bytes as f64, 0);
        while value >= 1024.0 && unit + 1 < super::UNITS.len() {
            value /= 1024.0;
            unit += 1;
        }
        Ok(format!("{} {}", super::fixed_text(&value.into(), decimals)?, super::UNITS[unit]))
    }

    /// A number with so many decimals.
    ///
    /// ```rhai
    /// print(vsh::fixed(2, 3));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn fixed(number: Dynamic, decimals: i64) -> Fallible<String> {
        super::fixed_text(&number, decimals)
    }

    /// Seconds since 1970 in a format of strftime, in UTC.
    ///
    /// Errors: `usage` for a number that is no time.
    ///
    /// ```rhai
    /// print(vsh::utc(0, "%Y-%m-%d %H:%M:%S"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn utc(seconds: i64, format: ImmutableString) -> Fallible<String> {
        let time = jiff::Timestamp::from_second(seconds)
            .map_err(|_| Error::usage(format!("{seconds} is no time")))?;
        let text = jiff::fmt::strtime::format(format.as_str(), time);
        Ok(text.map_err(|error| Error::usage(error.to_string()))?)
    }

    /// Handles by their name, without regard to large and small letters.
    ///
    /// ```rhai
    /// print(vsh::sorted(networks()));
    /// ```
    pub fn sorted(values: Array) -> Array {
        sorted_by(values, "name".into())
    }

    /// Maps by one of their texts, without regard to large and small letters.
    ///
    /// ```rhai
    /// print(vsh::sorted([#{ name: "B" }, #{ name: "a" }], "name"));
    /// ```
    #[rhai_fn(name = "sorted")]
    pub fn sorted_by(mut values: Array, key: ImmutableString) -> Array {
        values.sort_by_cached_key(|value| super::sort_key(value, &key));
        values
    }

    /// Bytes as base64.
    ///
    /// ```rhai
    /// print(vsh::base64_encode(blob(3, 0x41)));
    /// ```
    pub fn base64_encode(bytes: Blob) -> String {
        STANDARD.encode(bytes)
    }

    /// What a base64 text or blob holds, as virsh reads it.
    ///
    /// Other letters are passed over, and an unfinished group at the end is dropped.
    ///
    /// ```rhai
    /// print(vsh::base64_decode("QUFB").len());
    /// ```
    pub fn base64_decode(text: Dynamic) -> Blob {
        match text.read_lock::<Blob>() {
            Some(bytes) => super::lenient_base64(&bytes),
            None => super::lenient_base64(text.to_string().as_bytes()),
        }
    }
}
