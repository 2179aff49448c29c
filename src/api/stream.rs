//! Streams: what scripts say to, and hear from, a console, a channel or a graphics device.

use std::sync::Arc;
use std::time::Duration;

use rhai::plugin::{Dynamic, export_module};
use rhai::{Array, Blob, Map};

use super::Fallible;
use super::units::duration;
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::libvirt::{Dialogue, Domain};

/// Registers the type and its functions.
pub(super) fn register(natives: &mut Natives) {
    natives.engine().register_type_with_name::<Stream>("Stream");
    natives.global(&stream_functions::RHAI_MANIFEST);
}

/// An open stream. Copies are the same stream; with the last of them it is closed.
#[derive(Clone)]
pub struct Stream {
    dialogue: Arc<Dialogue>,
    /// what it leads to, for `print`
    title: Arc<str>,
}

impl Stream {
    /// Makes the script's side of a dialogue with a guest.
    pub(super) fn new(dialogue: Dialogue, what: &str, guest: &Domain) -> Self {
        Self { dialogue: Arc::new(dialogue), title: format!("{what} of {}", guest.label()).into() }
    }
}

/// What is sent: a text as UTF-8, or a blob as it is.
pub(super) fn bytes(data: &Dynamic) -> Result<Vec<u8>> {
    if let Ok(text) = data.as_immutable_string_ref() {
        return Ok(text.as_bytes().to_vec());
    }
    match data.read_lock::<Blob>() {
        Some(blob) => Ok(blob.to_vec()),
        None => Err(Error::usage(format!("a stream carries texts and blobs, not {}", data.type_name()))),
    }
}

/// The texts that are waited for.
fn wanted(texts: &Dynamic) -> Result<Vec<Vec<u8>>> {
    let all = match texts.read_lock::<Array>() {
        Some(array) => array.iter().map(bytes).collect::<Result<Vec<_>>>()?,
        None => vec![bytes(texts)?],
    };
    if all.is_empty() || all.iter().any(Vec::is_empty) {
        return Err(Error::usage("an empty text cannot be waited for").hint("say what shall come"));
    }
    Ok(all)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// How many bytes at the end are the beginning of a character whose rest has not come yet.
fn incomplete(bytes: &[u8]) -> usize {
    let Err(error) = std::str::from_utf8(bytes) else { return 0 };
    match error.error_len() {
        None => bytes.len() - error.valid_up_to(),
        // A wrong byte: what comes behind it counts.
        Some(length) => incomplete(&bytes[error.valid_up_to() + length..]),
    }
}

fn read(stream: &Stream, time: Duration) -> Fallible<String> {
    let mut data = stream.dialogue.read(time)?;
    let kept = incomplete(&data);
    // Alone it would be read again and again.
    if kept > 0 && kept < data.len() {
        stream.dialogue.unread(&data.split_off(data.len() - kept));
    }
    Ok(text(&data))
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod stream_functions {
    /// Sends a text or a blob (`virStreamSend`).
    ///
    /// A text is sent as UTF-8 and as it is: at a console, end a line with `"\n"`.
    ///
    /// Errors: `usage` after `close()`, `disconnected` when the connection was lost.
    ///
    /// ```rhai
    /// try { domain("test").open_console().send("root\n") } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn send(stream: &mut Stream, data: Dynamic) -> Fallible<()> {
        Ok(stream.dialogue.send(&bytes(&data)?)?)
    }

    /// Waits until a text comes and returns what came before it (`virStreamRecv`).
    ///
    /// Both are taken: the next `expect` or `read` goes on behind them. The time is in seconds or a text
    /// such as `"30s"`. At most the last 1 MiB is kept of what is not read.
    ///
    /// Errors: `timeout` when it does not come in time, with the last that came as a hint; nothing is
    /// taken then. `io` when the other side has ended the stream.
    ///
    /// ```rhai
    /// try {
    ///     let console = domain("test").open_console();
    ///     console.expect("login:", "30s");
    ///     console.send("root\n");
    /// } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn expect(stream: &mut Stream, text: Dynamic, timeout: Dynamic) -> Fallible<String> {
        let wanted = wanted(&text)?;
        let wanted: Vec<&[u8]> = wanted.iter().map(Vec::as_slice).collect();
        Ok(super::text(&stream.dialogue.expect(&wanted, duration(&timeout)?)?.before))
    }

    /// Waits until one of several texts comes and tells which (`virStreamRecv`).
    ///
    /// A map with `before` (what came before it), `found` (the text) and `index` (its place in the array,
    /// from 0). The time is in seconds or a text such as `"30s"`.
    ///
    /// Errors: `timeout` when none comes in time; `io` when the other side has ended the stream.
    ///
    /// ```rhai
    /// try {
    ///     let console = domain("test").open_console();
    ///     if console.expect_any(["login:", "# "], 30).found == "login:" { console.send("root\n") }
    /// } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn expect_any(stream: &mut Stream, texts: Array, timeout: Dynamic) -> Fallible<Map> {
        let wanted = wanted(&texts.into())?;
        let wanted: Vec<&[u8]> = wanted.iter().map(Vec::as_slice).collect();
        let found = stream.dialogue.expect(&wanted, duration(&timeout)?)?;
        Ok(Map::from([
            ("before".into(), super::text(&found.before).into()),
            ("found".into(), super::text(wanted[found.which]).into()),
            ("index".into(), Dynamic::from_int(found.which as i64)),
        ]))
    }

    /// What has come, as text; waits for the first of it (`virStreamRecv`).
    ///
    /// The time is in seconds or a text such as `"500ms"`; where nothing comes, the text is empty. What is
    /// no UTF-8 becomes the replacement character.
    ///
    /// Errors: `io` when the other side has ended the stream and all was read.
    ///
    /// ```rhai
    /// try { print(domain("test").open_console().read("1s")) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn read(stream: &mut Stream, timeout: Dynamic) -> Fallible<String> {
        super::read(stream, duration(&timeout)?)
    }

    /// What has come, as a blob; waits for the first of it (`virStreamRecv`).
    ///
    /// The time is in seconds or a text such as `"500ms"`; where nothing comes, the blob is empty.
    ///
    /// Errors: `io` when the other side has ended the stream and all was read.
    ///
    /// ```rhai
    /// try { print(domain("test").open_console().read_blob(1).len()) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn read_blob(stream: &mut Stream, timeout: Dynamic) -> Fallible<Blob> {
        Ok(stream.dialogue.read(duration(&timeout)?)?)
    }

    /// Whether the stream was not closed on this side.
    ///
    /// ```rhai
    /// try { print(domain("test").open_console().open) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(get = "open", pure)]
    pub fn get_open(stream: &mut Stream) -> bool {
        stream.dialogue.is_open()
    }

    /// Closes the stream; a second time does nothing (`virStreamAbort`).
    ///
    /// It is closed by itself when nothing uses it any more.
    ///
    /// ```rhai
    /// try { domain("test").open_console().close() } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn close(stream: &mut Stream) -> Fallible<()> {
        Ok(stream.dialogue.close()?)
    }

    /// What the stream leads to, as `print` shows it.
    ///
    /// ```rhai
    /// try { print(domain("test").open_console().to_string()) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(pure)]
    pub fn to_string(stream: &mut Stream) -> String {
        stream.title.as_ref().to_owned()
    }

    /// The type and what the stream leads to.
    ///
    /// ```rhai
    /// try { print(domain("test").open_console().to_debug()) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(pure)]
    pub fn to_debug(stream: &mut Stream) -> String {
        format!("Stream({:?})", stream.title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_whose_rest_has_not_come_is_left() {
        assert_eq!(incomplete("grün".as_bytes()), 0);
        assert_eq!(incomplete(&"grü".as_bytes()[..3]), 1);
        assert_eq!(incomplete(b"\xff\xe2\x82"), 2);
        assert_eq!(incomplete(b"\xff\xff"), 0);
        assert_eq!(incomplete(b""), 0);
    }

    #[test]
    fn texts_and_blobs_are_sent_and_nothing_else() {
        assert_eq!(bytes(&"a\n".into()).unwrap(), b"a\n");
        assert_eq!(bytes(&Dynamic::from_blob(vec![0, 255])).unwrap(), [0, 255]);
        assert!(bytes(&7_i64.into()).is_err());
        assert!(wanted(&"".into()).is_err());
        assert!(wanted(&Dynamic::from_array(Array::new())).is_err());
        assert_eq!(wanted(&Dynamic::from_array(vec!["a".into(), "b".into()])).unwrap().len(), 2);
    }
}
