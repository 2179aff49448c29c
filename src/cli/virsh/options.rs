//! The options of `virhai virsh` itself, as virsh has them.

use std::ffi::OsString;

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
    pub keepalive_interval: Option<i32>,
    /// `-K`
    pub keepalive_count: Option<i32>,
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

/// The most that `-d` takes.
const MOST_DEBUG: i64 = 4;

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

/// The names of the options, for completion.
pub(in crate::cli) const KNOWN_OPTIONS: &[&str] = &[
    "connect",
    "debug",
    "escape",
    "help",
    "keepalive-interval",
    "keepalive-count",
    "log",
    "quiet",
    "readonly",
    "timing",
    "version",
];

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
            for (letter, value) in given {
                if let Some(line) = options.take(letter, value)? {
                    return Ok(line);
                }
            }
        }
        for word in rest {
            words.push(word?);
        }
        Ok(Self::Run(options, words))
    }
}

type Given = (char, String);
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
        _ => return Err(format!("unsupported option '{argument}'. See --help.")),
    };
    let Known(letter, _, takes) = known;
    if *letter == 'v' {
        return Ok((if attached.as_deref() == Some("long") { 'V' } else { 'v' }, String::new()));
    }
    match attached {
        Some(_) if !takes => Err(format!("unsupported option '{argument}'. See --help.")),
        Some(value) => Ok((*letter, value)),
        None => Ok((*letter, value(known, rest)?)),
    }
}

/// `-q`, `-qr`, `-cURI` or `-c URI`.
fn short(letters: &str, rest: Rest<'_>) -> Result<Vec<Given>, String> {
    let mut given = Vec::new();
    for (at, letter) in letters.char_indices() {
        let Some(known) = KNOWN.iter().find(|known| known.0 == letter) else {
            return Err(format!("unsupported option '-{letter}'. See --help."));
        };
        let attached = &letters[at + letter.len_utf8()..];
        if known.2 && !attached.is_empty() {
            given.push((letter, attached.to_owned()));
            return Ok(given);
        }
        given.push((letter, value(known, rest)?));
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
    fn take(&mut self, letter: char, value: String) -> Result<Option<VirshLine>, String> {
        match letter {
            'c' => self.connect = Some(value),
            'd' => self.take_debug(&value)?,
            'e' if value.chars().count() == 1 || (value.starts_with('^') && value.chars().count() == 2) => {
                self.escape = Some(value);
            }
            'e' => return Err(format!("Invalid string '{value}' for escape sequence")),
            'k' => self.keepalive_interval = Some(count('k', &value)?),
            'K' => self.keepalive_count = Some(count('K', &value)?),
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

    fn take_debug(&mut self, value: &str) -> Result<(), String> {
        let level: i64 = value.parse().map_err(|_| "option -d takes a numeric argument".to_owned())?;
        if (0..=MOST_DEBUG).contains(&level) {
            self.debug = u8::try_from(level).ok();
        } else {
            self.remarks.push(format!("ignoring debug level {level} out of range [0-{MOST_DEBUG}]"));
        }
        Ok(())
    }
}

fn count(letter: char, value: &str) -> Result<i32, String> {
    value
        .parse()
        .ok()
        .filter(|number| *number >= 0)
        .ok_or_else(|| format!("Invalid value for option -{letter}"))
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
    fn what_is_wrong_is_said_with_virshs_words() {
        for (words, sentence) in [
            (&["-x"][..], "unsupported option '-x'. See --help."),
            (&["--bogus"], "unsupported option '--bogus'. See --help."),
            (&["-c"], "option '-c'/'--connect' requires an argument"),
            (&["-d", "x"], "option -d takes a numeric argument"),
            (&["-k", "x"], "Invalid value for option -k"),
            (&["-e", "ab"], "Invalid string 'ab' for escape sequence"),
        ] {
            assert_eq!(parse(words).unwrap_err(), sentence);
        }
    }
}
