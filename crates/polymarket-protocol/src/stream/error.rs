//! What is wrong with a frame, and where.

/// A frame that cannot be decoded. The message it carried is lost: resynchronize what it may have concerned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{channel} frame: {problem} at byte {at} of `{found}`; resynchronize what it may have concerned")]
pub struct DecodeError {
    /// Which stream the frame came from.
    pub channel: &'static str,
    /// What was expected and what was found.
    pub problem: String,
    /// Where, in bytes; 0 when the frame as a whole is meant.
    pub at: usize,
    /// The frame, cut to 96 characters.
    pub found: String,
}

impl DecodeError {
    pub(super) fn new(channel: &'static str, frame: &str, problem: impl Into<String>) -> Self {
        Self { channel, problem: problem.into(), at: 0, found: frame.chars().take(96).collect() }
    }

    /// The parser's complaint about a frame.
    pub(super) fn json(channel: &'static str, frame: &str, error: &serde_json::Error) -> Self {
        let line_start = match error.line().checked_sub(2) {
            None => 0,
            Some(skip) => frame.match_indices('\n').nth(skip).map_or(0, |(at, _)| at + 1),
        };
        let at = (line_start + error.column().saturating_sub(1)).min(frame.len());
        let problem = error.to_string();
        let problem = problem.split_once(" at line ").map_or(problem.as_str(), |(problem, _)| problem);
        Self { at, ..Self::new(channel, frame, problem) }
    }
}
