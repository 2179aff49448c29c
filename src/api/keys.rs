//! Keys by name.
//!
//! The numbers are those of Linux's input layer, which libvirt calls the codeset `linux`.

use crate::error::{Error, Result};
use crate::lang::suggest::nearest;

/// Key names without `KEY_`, each at the place of its number; `-` where there is none.
const LINUX: &str = "\
    - esc 1 2 3 4 5 6 7 8 9 0 minus equal backspace tab q w e r t y u i o p leftbrace rightbrace \
    enter leftctrl a s d f g h j k l semicolon apostrophe grave leftshift backslash z x c v b n \
    m comma dot slash rightshift kpasterisk leftalt space capslock f1 f2 f3 f4 f5 f6 f7 f8 f9 \
    f10 numlock scrolllock kp7 kp8 kp9 kpminus kp4 kp5 kp6 kpplus kp1 kp2 kp3 kp0 kpdot - \
    zenkakuhankaku 102nd f11 f12 ro katakana hiragana henkan katakanahiragana muhenkan kpjpcomma \
    kpenter rightctrl kpslash sysrq rightalt linefeed home up pageup left right end down \
    pagedown insert delete macro mute volumedown volumeup power kpequal kpplusminus pause scale \
    kpcomma hangeul hanja yen leftmeta rightmeta compose stop again props undo front copy open \
    paste find cut help menu calc setup sleep wakeup file sendfile deletefile xfer prog1 prog2 \
    www msdos coffee rotate_display cyclewindows mail bookmarks computer back forward closecd \
    ejectcd ejectclosecd nextsong playpause previoussong stopcd record rewind phone iso config \
    homepage refresh exit move edit scrollup scrolldown kpleftparen kprightparen new redo f13 \
    f14 f15 f16 f17 f18 f19 f20 f21 f22 f23 f24 - - - - - playcd pausecd prog3 prog4 \
    all_applications suspend close play fastforward bassboost print hp camera sound question \
    email chat search connect finance sport shop alterase cancel brightnessdown brightnessup \
    media switchvideomode kbdillumtoggle kbdillumdown kbdillumup send reply forwardmail save \
    documents battery bluetooth wlan uwb unknown video_next video_prev brightness_cycle \
    brightness_auto display_off wwan rfkill micmute";

/// What people call some keys.
const ALIASES: &[(&str, &str)] = &[
    ("alt", "leftalt"),
    ("altgr", "rightalt"),
    ("caps", "capslock"),
    ("ctrl", "leftctrl"),
    ("control", "leftctrl"),
    ("del", "delete"),
    ("escape", "esc"),
    ("ins", "insert"),
    ("meta", "leftmeta"),
    ("pgdn", "pagedown"),
    ("pgup", "pageup"),
    ("return", "enter"),
    ("shift", "leftshift"),
    ("super", "leftmeta"),
    ("win", "leftmeta"),
];

/// The number of a key in the codeset `linux`: `KEY_LEFTCTRL`, `leftctrl`, `ctrl`, `a`, `f1`; case does not matter.
///
/// Errors: `usage` for a name that there is not, with the nearest one.
pub(super) fn linux(name: &str) -> Result<u32> {
    let lower = name.trim().to_ascii_lowercase();
    let plain = lower.strip_prefix("key_").unwrap_or(&lower);
    let plain = ALIASES.iter().find(|(alias, _)| *alias == plain).map_or(plain, |(_, meant)| meant);
    let number = LINUX.split_ascii_whitespace().position(|known| known == plain && known != "-");
    number.map(|number| number as u32).ok_or_else(|| unknown(name, plain))
}

fn unknown(name: &str, plain: &str) -> Error {
    let all = LINUX.split_ascii_whitespace().filter(|known| *known != "-");
    let hint = match nearest(plain, all.chain(ALIASES.iter().map(|(alias, _)| *alias))) {
        Some(near) => format!("did you mean {near:?}?"),
        None => "keys have the names of Linux, such as \"leftctrl\", \"a\", \"f1\", or their numbers".into(),
    };
    Error::usage(format!("there is no key {name:?}")).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stand_at_their_numbers() {
        for (name, number) in [
            ("esc", 1),
            ("KEY_A", 30),
            ("Enter", 28),
            ("ctrl", 29),
            ("f12", 88),
            ("sysrq", 99),
            ("delete", 111),
            ("leftmeta", 125),
            ("micmute", 248),
        ] {
            assert_eq!(linux(name).unwrap(), number, "{name}");
        }
        for (alias, meant) in ALIASES {
            assert_eq!(linux(alias).unwrap(), linux(meant).unwrap(), "{alias}");
        }
    }

    #[test]
    fn an_unknown_key_names_the_nearest() {
        let error = linux("KEY_ENTRE").unwrap_err();
        assert_eq!(error.facts().hint.as_deref(), Some("did you mean \"enter\"?"));
        assert_eq!(linux("-").unwrap_err().code(), "usage");
    }
}
