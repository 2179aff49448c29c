//! The options of `virhai virsh` itself, as virsh has them.

use std::ffi::OsString;

use crate::libvirt::Keepalive;

/// What stands before the command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VirshOptions {
    /// `-c`: the connection.
    pub connect: Option<String>,
    /// `-r`
    pub readonly: bool,
    /// `-q`
    pub quiet: bool,
    /// `-t`
    pub timing: bool,
    /// `-d`
    pub debug: Option<u8>,
    /// `-l`
    pub log: Option<String>,
    /// `-e`: the key that leaves a console.
    pub escape: Option<String>,
    /// `-k`, seconds
    pub keepalive_interval: Option<u32>,
    /// `-K`
    pub keepalive_count: Option<u32>,
    /// What is wrong and yet no reason to stop.
    pub remarks: Vec<String>,
}

/// A command line of virsh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VirshLine {
    /// `-h`
    Help,
    /// `-v`, or `-V` where `long`.
    Version {
        /// With what it was built for.
        long: bool,
    },
    /// The words of the command, or none: then commands are read.
    Run(VirshOptions, Vec<String>),
}

/// The most that `-d` takes, and what it is without it: nothing but errors is told.
const LEAST_TOLD: u8 = 4;

/// What `-k` and `-K` are where only one of them is given.
const KEEPALIVE: Keepalive = Keepalive { interval: 5, count: 6 };

/// One of the options: its letter, its name, whether it takes a value.
struct Known(char, &'static str, bool);

const KNOWN: &[Known] = &[
    Known('c', "connect", true),
    Known('d', "debug", true),
    Known('e', "escape", true),
    Known('h', "help", false),
    Known('k', "keepalive-interval", true),
    Known('K', "keepalive-count", true),
    Known('l', "log", true),
    Known('q', "quiet", false),
    Known('r', "readonly", false),
    Known('t', "timing", false),
    Known('v', "version", false),
    Known('V', "", false),
];

/// The long names of the options.
pub(in crate::cli) fn option_names() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|known| known.1).filter(|name| !name.is_empty())
}

impl VirshLine {
    /// Reads the arguments behind the word `virsh`.
    ///
    /// Errors: virsh's sentence for what is wrong.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, String> {
        let mut rest = arguments.into_iter().map(|argument| {
            argument.into_string().map_err(|given| format!("the argument {} is not UTF-8", given.display()))
        });
        let mut options = VirshOptions::default();
        let mut words = Vec::new();
        while let Some(argument) = rest.next().transpose()? {
            if argument == "--" {
                break;
            }
            let given = if let Some(text) = argument.strip_prefix("--") {
                vec![long(text, &argument, &mut rest)?]
            } else if let Some(letters) = argument.strip_prefix('-').filter(|letters| !letters.is_empty()) {
                short(letters, &mut rest)?
            } else {
                words.push(argument);
                break;
            };
            for given in given {
                if let Some(line) = options.take(given)? {
                    return Ok(line);
                }
            }
        }
        for word in rest {
            words.push(word?);
        }
        Ok(Self::Run(options, words))
    }

    /// The words of the command.
    pub(in crate::cli) fn words(&self) -> Vec<String> {
        match self {
            Self::Run(_, words) => words.clone(),
            _ => Vec::new(),
        }
    }

    /// The file that `-l` names.
    pub(in crate::cli) fn log_file(&self) -> Option<&str> {
        match self {
            Self::Run(options, _) => options.log.as_deref(),
            _ => None,
        }
    }

    /// How often a server is asked whether it is still there, where the options say so.
    pub(in crate::cli) fn keepalive(&self) -> Option<Keepalive> {
        let Self::Run(options, _) = self else { return None };
        let VirshOptions { keepalive_interval: interval, keepalive_count: count, .. } = options;
        (interval.is_some() || count.is_some()).then(|| Keepalive {
            interval: interval.unwrap_or(KEEPALIVE.interval),
            count: count.unwrap_or(KEEPALIVE.count),
        })
    }
}

/// One option as it was given: its letter, what messages call it, and its value.
struct Given {
    letter: char,
    name: String,
    value: String,
}

type Rest<'a> = &'a mut dyn Iterator<Item = Result<String, String>>;

/// `--name`, `--name=value` or `--name value`; a beginning that fits one name only will do.
fn long(text: &str, argument: &str, rest: Rest<'_>) -> Result<Given, String> {
    let (name, attached) = text.split_once('=').map_or((text, None), |(n, v)| (n, Some(v.to_owned())));
    let fits: Vec<_> =
        KNOWN.iter().filter(|known| !known.1.is_empty() && known.1.starts_with(name)).collect();
    let exact = KNOWN.iter().find(|known| known.1 == name && !name.is_empty());
    let known = match (exact, fits.as_slice()) {
        (Some(known), _) => known,
        (None, [known]) => *known,
        _ => return Err(unsupported(argument)),
    };
    let Known(letter, name, takes) = *known;
    let given = |value| Given { letter, name: format!("--{name}"), value };
    if letter == 'v' {
        let letter = if attached.as_deref() == Some("long") { 'V' } else { 'v' };
        return Ok(Given { letter, ..given(String::new()) });
    }
    match attached {
        Some(_) if !takes => Err(unsupported(&format!("-{letter}"))),
        Some(value) => Ok(given(value)),
        None => Ok(given(value(known, rest)?)),
    }
}

fn unsupported(option: &str) -> String {
    format!("unsupported option '{option}'. See --help.")
}

/// `-q`, `-qr`, `-cURI` or `-c URI`.
fn short(letters: &str, rest: Rest<'_>) -> Result<Vec<Given>, String> {
    let mut given = Vec::new();
    for (at, letter) in letters.char_indices() {
        let name = format!("-{letter}");
        let Some(known) = KNOWN.iter().find(|known| known.0 == letter) else {
            return Err(unsupported(&name));
        };
        let attached = &letters[at + letter.len_utf8()..];
        if known.2 && !attached.is_empty() {
            given.push(Given { letter, name, value: attached.to_owned() });
            return Ok(given);
        }
        given.push(Given { letter, name, value: value(known, rest)? });
    }
    Ok(given)
}

/// The value of an option that takes one.
fn value(Known(letter, name, takes): &Known, rest: Rest<'_>) -> Result<String, String> {
    if !takes {
        return Ok(String::new());
    }
    rest.next().transpose()?.ok_or_else(|| format!("option '-{letter}'/'--{name}' requires an argument"))
}

impl VirshOptions {
    /// Takes one option; some of them are all that is done.
    fn take(&mut self, Given { letter, name, value }: Given) -> Result<Option<VirshLine>, String> {
        match letter {
            'c' => self.connect = Some(value),
            'd' => self.take_debug(&name, &value)?,
            'e' if is_key(value.as_bytes()) => self.escape = Some(value),
            'e' => return Err(format!("Invalid string '{value}' for escape sequence")),
            'k' => self.keepalive_interval = Some(count(&name, &value)?),
            'K' => self.keepalive_count = Some(count(&name, &value)?),
            'l' => self.log = Some(value),
            'q' => self.quiet = true,
            'r' => self.readonly = true,
            't' => self.timing = true,
            'h' => return Ok(Some(VirshLine::Help)),
            'V' => return Ok(Some(VirshLine::Version { long: true })),
            _ => return Ok(Some(VirshLine::Version { long: false })),
        }
        Ok(None)
    }

    fn take_debug(&mut self, name: &str, value: &str) -> Result<(), String> {
        let level = decimal(value).ok_or_else(|| format!("option {name} takes a numeric argument"))?;
        if let Some(level) = debug_level(level) {
            self.debug = Some(level);
        } else {
            self.remarks.push(format!("ignoring debug level {level} out of range [0-{LEAST_TOLD}]"));
        }
        Ok(())
    }

    /// How often virsh says that `VIRSH_DEBUG` is no level: it looks again where it only tells errors.
    pub(super) fn debug_complaints(&self, variable: Option<&str>) -> usize {
        match variable {
            Some(text) if decimal(text).and_then(debug_level).is_none() => {
                if self.debug.is_none_or(|level| level == LEAST_TOLD) { 2 } else { 1 }
            }
            _ => 0,
        }
    }
}

fn debug_level(number: i32) -> Option<u8> {
    u8::try_from(number).ok().filter(|level| *level <= LEAST_TOLD)
}

/// A key as `-e` takes it: one byte, or `^` and what Ctrl can be held with.
fn is_key(key: &[u8]) -> bool {
    match key {
        [b'^', letter] => matches!(letter.to_ascii_uppercase(), b'@'..=b'_'),
        [key] => *key != b'^',
        _ => false,
    }
}

/// A number as C reads it: blanks and a sign may stand before it.
fn decimal(text: &str) -> Option<i32> {
    text.trim_start().parse().ok()
}

/// The same in base 16 behind `0x` and in base 8 behind `0`, from 0 up.
fn count(option: &str, text: &str) -> Result<u32, String> {
    let invalid = || format!("Invalid value for option {option}");
    let (is_negative, digits) = match text.trim_start() {
        signed if signed.starts_with('-') => (true, &signed[1..]),
        plain => (false, plain.strip_prefix('+').unwrap_or(plain)),
    };
    let number = match digits.to_ascii_lowercase() {
        hex if hex.starts_with("0x") => u32::from_str_radix(&hex[2..], 16),
        octal if octal.starts_with('0') => u32::from_str_radix(&octal, 8),
        digits => digits.parse(),
    };
    // A second sign is none.
    let number = number.ok().filter(|_| digits.starts_with(|first: char| first.is_ascii_digit()));
    let number = number.filter(|number| i32::try_from(*number).is_ok()).ok_or_else(invalid)?;
    if is_negative && number > 0 {
        return Err(format!("option {option} requires a positive integer argument"));
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<VirshLine, String> {
        VirshLine::parse(words.iter().map(OsString::from))
    }

    #[test]
    fn options_end_at_the_command() {
        let Ok(VirshLine::Run(options, words)) = parse(&["-qrc", "test:///default", "list", "--all", "-c"])
        else {
            panic!("refused")
        };
        assert!(options.quiet && options.readonly);
        assert_eq!(options.connect.as_deref(), Some("test:///default"));
        assert_eq!(words, ["list", "--all", "-c"]);
    }

    #[test]
    fn a_long_name_may_be_cut_short() {
        let Ok(VirshLine::Run(options, _)) = parse(&["--conn=a:///", "--keepalive-i", "5"]) else {
            panic!("refused")
        };
        assert_eq!((options.connect.as_deref(), options.keepalive_interval), (Some("a:///"), Some(5)));
        assert!(parse(&["--keepalive", "5"]).is_err());
        assert_eq!(parse(&["--version=long"]), Ok(VirshLine::Version { long: true }));
    }

    #[test]
    fn numbers_of_keepalive_have_the_bases_of_c() {
        for (text, number) in [("5", 5), (" 5", 5), ("0x1F", 31), ("010", 8), ("0", 0), ("-0", 0)] {
            assert_eq!(count("-k", text), Ok(number), "{text}");
        }
        let line = parse(&["-K", "3", "list"]).unwrap();
        assert_eq!(line.keepalive(), Some(Keepalive { interval: 5, count: 3 }));
        assert_eq!(parse(&["list"]).unwrap().keepalive(), None);
    }

    #[test]
    fn what_is_wrong_is_said_with_virshs_words() {
        for (words, sentence) in [
            (&["-x"][..], "unsupported option '-x'. See --help."),
            (&["--bogus"], "unsupported option '--bogus'. See --help."),
            (&["-c"], "option '-c'/'--connect' requires an argument"),
            (&["--quiet=1"], "unsupported option '-q'. See --help."),
            (&["-d", "x"], "option -d takes a numeric argument"),
            (&["--deb", "x"], "option --debug takes a numeric argument"),
            (&["-k", "x"], "Invalid value for option -k"),
            (&["-k", "--5"], "Invalid value for option -k"),
            (&["--keepalive-count", "0x"], "Invalid value for option --keepalive-count"),
            (&["-K", "-1"], "option -K requires a positive integer argument"),
            (&["-e", "ab"], "Invalid string 'ab' for escape sequence"),
            (&["-e", "^1"], "Invalid string '^1' for escape sequence"),
            (&["-e", "^"], "Invalid string '^' for escape sequence"),
        ] {
            assert_eq!(parse(words).unwrap_err(), sentence);
        }
    }
}
