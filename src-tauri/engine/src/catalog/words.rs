use super::Catalog;
use crate::error::Result;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields(pub u8);
impl Fields {
    pub fn bits(self) -> u8 {
        self.0
    }
}
pub(crate) struct WordMatch {
    pub photo: i64,
    pub fields: Fields,
}
impl Catalog {
    pub fn photos_with_words(&self, _: &str, _: usize) -> Result<Vec<WordMatch>> {
        Ok(Vec::new())
    }
}
