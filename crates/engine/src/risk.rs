//! Placeholder until risk lands.
/// What risk has admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved<T>(T);
impl<T> Approved<T> {
    /// What was admitted.
    pub const fn get(&self) -> &T { &self.0 }
    /// What was admitted.
    pub fn into_inner(self) -> T { self.0 }
    pub(crate) const fn restore(inner: T) -> Self { Self(inner) }
}
/// Placeholder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal { /// Placeholder.
 Placeholder }
