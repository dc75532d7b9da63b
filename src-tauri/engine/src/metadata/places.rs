//! The nearest town to a position, without asking anybody.
//!
//! Owns `assets/cities.bin`, which `scripts/cities.py` makes of GeoNames' places
//! of more than 1,000 inhabitants, and the search in it. The nearest place is the
//! nearest on the sphere, exactly: positions are points on the unit sphere, whose
//! straight distances order as the ones along the surface do, so there is no edge
//! at the date line and nothing special about the poles.
//!
//! The file: `places\0\x01`, then as u32 little-endian the length of the body, the
//! number of places and the steps a degree; then the body, compressed by zlib. The
//! body is five columns, each with its length in bytes before it as u32:
//! 1. countries, a line each: code, name, names of the regions, parted by tabs;
//! 2. places, a line each, in the order of the countries and their regions;
//! 3. for each region the number of its places;
//! 4. latitudes in steps, each as the difference from the place before it, a
//!    country's first from 0;
//! 5. longitudes, likewise.
//!
//! Numbers are in groups of 7 bits, the lowest first, with the high bit where more
//! follow; differences have their sign in the lowest bit.

use std::io::Read;
use std::sync::LazyLock;

use flate2::read::ZlibDecoder;

/// A town, and where it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// "Porto".
    pub city: &'static str,
    /// The first level below the country, or empty where there is none: "Porto".
    pub region: &'static str,
    /// In English: "Portugal".
    pub country: &'static str,
    /// ISO 3166-1 alpha-2, or XK for Kosovo: "PT".
    pub country_code: &'static str,
    /// From the position to the middle of the town, or of one of a big city's quarters.
    pub distance_km: f64,
}

/// The place nearest to a position in degrees, if it is within 100 km; farther
/// away is at sea or in a desert, and a town's name would mislead.
///
/// The first call unpacks the table, some tens of milliseconds.
pub fn nearest_place(lat: f64, lon: f64) -> Option<Place> {
    let on_earth = lat.abs() <= 90.0 && lon.abs() <= 180.0;
    PLACES.as_ref().filter(|_| on_earth)?.nearest(lat, lon)
}

static PLACES: LazyLock<Option<Places>> =
    LazyLock::new(|| Places::unpack(include_bytes!("../../../../assets/cities.bin")));

/// Where the towns of this name are, of any case: degrees, north and east
/// positive. Empty where none is known.
pub fn places_named(name: &str) -> Vec<(f64, f64)> {
    let Some(places) = PLACES.as_ref() else { return Vec::new() };
    let name = name.to_lowercase();
    let lines = places.cities.text.split('\n').zip(&places.positions);
    lines
        .filter(|(city, _)| city.to_lowercase() == name)
        .map(|(_, &position)| degrees(position, places.steps))
        .collect()
}

/// How far two points are apart along the surface, in kilometres; each is degrees
/// north and east.
pub fn distance_between(a: (f64, f64), b: (f64, f64)) -> f64 {
    distance_km(unit(a.0, a.1), unit(b.0, b.1))
}

const FARTHEST_KM: f64 = 100.0;
/// Mean radius.
const EARTH_KM: f64 = 6371.0088;
/// More than any table will have; what claims more is damaged.
const LONGEST_BODY: u64 = 32 << 20;

/// Names are kept in two texts and found by where their lines begin.
struct Places {
    nodes: Vec<Node>,
    /// Of every place, in steps.
    positions: Vec<(i32, i32)>,
    steps: f64,
    cities: Lines,
    regions: Vec<Region>,
    /// The first place after each region.
    ends: Vec<u32>,
}

struct Lines {
    text: String,
    starts: Vec<u32>,
}

struct Region {
    name: String,
    country: String,
    code: String,
}

/// Of a k-d tree without pointers: the root of any stretch is its middle, what is
/// before it is on the low side of it along the stretch's axis.
struct Node {
    point: [f32; 3],
    place: u32,
}

impl Places {
    fn unpack(file: &[u8]) -> Option<Self> {
        let rest = file.strip_prefix(b"places\0\x01")?;
        let mut input = rest;
        let (length, count, steps) =
            (u32_of(&mut input)?, u32_of(&mut input)?, u32_of(&mut input)?);
        let mut body = Vec::new();
        ZlibDecoder::new(input).take(LONGEST_BODY).read_to_end(&mut body).ok()?;
        if body.len() != usize::try_from(length).ok()? || steps == 0 {
            return None;
        }

        let mut rest = body.as_slice();
        let countries = std::str::from_utf8(column(&mut rest)?).ok()?;
        let cities = Lines::of(std::str::from_utf8(column(&mut rest)?).ok()?);
        let (mut counts, mut lats, mut lons) =
            (column(&mut rest)?, column(&mut rest)?, column(&mut rest)?);
        if cities.starts.len() != usize::try_from(count).ok()? {
            return None;
        }

        let (mut regions, mut ends) = (Vec::new(), Vec::new());
        let mut positions = Vec::with_capacity(cities.starts.len());
        for line in countries.split('\n') {
            let mut words = line.split('\t');
            let (code, country) = (words.next()?, words.next()?);
            let (mut lat, mut lon) = (0i32, 0i32);
            for name in words {
                for _ in 0..varint(&mut counts)? {
                    lat = lat.checked_add(zigzag(varint(&mut lats)?))?;
                    lon = lon.checked_add(zigzag(varint(&mut lons)?))?;
                    positions.push((lat, lon));
                }
                ends.push(u32::try_from(positions.len()).ok()?);
                let [name, country, code] = [name, country, code].map(str::to_owned);
                regions.push(Region { name, country, code });
            }
        }
        if positions.len() != cities.starts.len() {
            return None;
        }

        let steps = f64::from(steps);
        let mut nodes: Vec<Node> = (0u32..)
            .zip(&positions)
            .map(|(place, &position)| {
                let (lat, lon) = degrees(position, steps);
                Node { point: unit(lat, lon).map(|x| x as f32), place }
            })
            .collect();
        plant(&mut nodes, 0);
        Some(Self { nodes, positions, steps, cities, regions, ends })
    }

    fn nearest(&'static self, lat: f64, lon: f64) -> Option<Place> {
        let wanted = unit(lat, lon);
        // The straight line through the earth, with a margin for the rounding.
        let chord = 2.0 * (FARTHEST_KM / EARTH_KM / 2.0).sin() * 1.001;
        let mut best = Best { squared: (chord * chord) as f32, place: None };
        best.look(&self.nodes, wanted.map(|x| x as f32), 0);

        let place = best.place?;
        let index = usize::try_from(place).ok()?;
        let (place_lat, place_lon) = degrees(*self.positions.get(index)?, self.steps);
        let distance_km = distance_km(wanted, unit(place_lat, place_lon));
        let region = self.regions.get(self.ends.partition_point(|&end| end <= place))?;
        (distance_km <= FARTHEST_KM).then_some(Place {
            city: self.cities.get(index)?,
            region: &region.name,
            country: &region.country,
            country_code: &region.code,
            distance_km,
        })
    }
}

impl Lines {
    fn of(text: &str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        // The whole text is shorter than 2^32, as the length of its column is.
        let starts = std::iter::once(0).chain(ends.map(|(at, _)| at as u32 + 1)).collect();
        Self { text: text.to_owned(), starts }
    }

    fn get(&self, index: usize) -> Option<&str> {
        let start = *self.starts.get(index)? as usize;
        self.text.get(start..)?.split('\n').next()
    }
}

/// The nearest node seen so far, and how far away another may be at most.
struct Best {
    squared: f32,
    place: Option<u32>,
}

impl Best {
    fn look(&mut self, nodes: &[Node], wanted: [f32; 3], axis: usize) {
        let middle = nodes.len() / 2;
        let Some(node) = nodes.get(middle) else { return };
        let squared: f32 = (0..3).map(|i| (wanted[i] - node.point[i]).powi(2)).sum();
        if squared < self.squared {
            *self = Self { squared, place: Some(node.place) };
        }
        let (low, high) = (&nodes[..middle], &nodes[middle + 1..]);
        let beyond = wanted[axis] - node.point[axis];
        let (near, far) = if beyond < 0.0 { (low, high) } else { (high, low) };
        let next = (axis + 1) % 3;
        self.look(near, wanted, next);
        if beyond * beyond < self.squared {
            self.look(far, wanted, next);
        }
    }
}

fn plant(nodes: &mut [Node], axis: usize) {
    if nodes.len() < 2 {
        return;
    }
    let middle = nodes.len() / 2;
    nodes.select_nth_unstable_by(middle, |a, b| a.point[axis].total_cmp(&b.point[axis]));
    let (low, rest) = nodes.split_at_mut(middle);
    plant(low, (axis + 1) % 3);
    plant(&mut rest[1..], (axis + 1) % 3);
}

fn degrees((lat, lon): (i32, i32), steps: f64) -> (f64, f64) {
    (f64::from(lat) / steps, f64::from(lon) / steps)
}

fn unit(lat: f64, lon: f64) -> [f64; 3] {
    let (lat, lon) = (lat.to_radians(), lon.to_radians());
    [lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()]
}

/// Along the surface, between two points on the unit sphere.
fn distance_km(a: [f64; 3], b: [f64; 3]) -> f64 {
    let chord = (0..3).map(|i| (a[i] - b[i]).powi(2)).sum::<f64>().sqrt();
    2.0 * EARTH_KM * (chord / 2.0).min(1.0).asin()
}

fn u32_of(input: &mut &[u8]) -> Option<u32> {
    let (bytes, rest) = input.split_first_chunk()?;
    *input = rest;
    Some(u32::from_le_bytes(*bytes))
}

fn column<'a>(input: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(u32_of(input)?).ok()?;
    let (column, rest) = input.split_at_checked(length)?;
    *input = rest;
    Some(column)
}

fn varint(input: &mut &[u8]) -> Option<u32> {
    let mut number = 0;
    for shift in (0..32).step_by(7) {
        let (byte, rest) = input.split_first()?;
        *input = rest;
        number |= u32::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn zigzag(number: u32) -> i32 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

#[cfg(test)]
mod tests {
    //! Properties proved here:
    //! 1. the table unpacks, and a damaged one is refused without a panic;
    //! 2. the nearest is what a look at every place finds, all over the earth;
    //! 3. known positions have the names that people give them.

    use proptest::prelude::*;

    use super::*;

    const FILE: &[u8] = include_bytes!("../../../../assets/cities.bin");

    fn table() -> &'static Places {
        static TABLE: LazyLock<Places> = LazyLock::new(|| Places::unpack(FILE).unwrap());
        &TABLE
    }

    #[track_caller]
    fn check(lat: f64, lon: f64, expected: Option<(&str, &str, &str)>) {
        let place = nearest_place(lat, lon);
        let found = place.map(|it| (it.city, it.region, it.country_code));
        assert_eq!(found, expected, "{lat} {lon} {place:?}");
    }

    #[test]
    fn known_positions_are_named() {
        check(41.1496, -8.6110, Some(("Porto", "Porto", "PT")));
        check(48.8606, 2.3376, Some(("Paris", "Île-de-France", "FR")));
        // A quarter of Paris, and a town beside it.
        check(48.8350, 2.3860, Some(("Paris", "Île-de-France", "FR")));
        check(48.8847, 2.2697, Some(("Neuilly-sur-Seine", "Île-de-France", "FR")));
        check(35.7101, 139.8107, Some(("Tokyo", "Tokyo", "JP")));
        check(52.5163, 13.3777, Some(("Berlin", "State of Berlin", "DE")));
        check(40.7580, -73.9855, Some(("New York City", "New York", "US")));
        check(-33.8568, 151.2153, Some(("Sydney", "New South Wales", "AU")));
        check(-54.8019, -68.3030, Some(("Ushuaia", "Tierra del Fuego", "AR")));
        check(78.2232, 15.6267, Some(("Longyearbyen", "Svalbard", "SJ")));
        // Where most of ../shared/photos/gps is.
        check(43.4674, 11.8851, Some(("Arezzo", "Tuscany", "IT")));
        let place = nearest_place(64.1466, -21.9426).unwrap();
        assert_eq!((place.city, place.country), ("Reykjavík", "Iceland"));
        assert!(place.distance_km < 3.0);
    }

    #[test]
    fn far_from_any_place_is_nowhere() {
        check(0.0, -30.0, None);
        check(90.0, 0.0, None);
        check(-90.0, 180.0, None);
        check(23.5, 12.0, None);
        for (lat, lon) in [(f64::NAN, 0.0), (0.0, f64::INFINITY), (91.0, 0.0), (0.0, 181.0)] {
            check(lat, lon, None);
        }
    }

    #[test]
    fn the_date_line_is_no_edge() {
        // Taveuni in Fiji lies on both sides of it.
        let (west, east) = (nearest_place(-16.8, 179.999), nearest_place(-16.8, -179.999));
        let (west, east) = (west.unwrap(), east.unwrap());
        assert_eq!((west.city, west.country_code), (east.city, "FJ"));
        assert!((west.distance_km - east.distance_km).abs() < 0.5);
        let at = |lon| table().nearest(-16.8, lon).unwrap().distance_km;
        assert!((at(180.0) - at(-180.0)).abs() < 1e-6);
    }

    #[test]
    fn the_whole_table_makes_sense() {
        let table = table();
        assert!(table.positions.len() > 140_000);
        for (index, &position) in table.positions.iter().enumerate() {
            let (lat, lon) = degrees(position, table.steps);
            assert!(lat.abs() <= 90.0 && lon.abs() <= 180.0);
            assert!(!table.cities.get(index).unwrap().is_empty());
        }
        assert_eq!(table.ends.last(), Some(&(table.positions.len() as u32)));
        for region in &table.regions {
            assert!(region.code.len() == 2 && !region.country.is_empty(), "{}", region.code);
        }
        // A place is the nearest to itself, and carries its own country.
        let (lat, lon) = degrees(table.positions[77_777], table.steps);
        let place = table.nearest(lat, lon).unwrap();
        assert!(place.distance_km < 0.01, "{place:?}");
    }

    /// Every place, in double precision.
    fn by_looking_at_all(lat: f64, lon: f64) -> f64 {
        let table = table();
        let wanted = unit(lat, lon);
        table
            .positions
            .iter()
            .map(|&position| {
                let (lat, lon) = degrees(position, table.steps);
                distance_km(wanted, unit(lat, lon))
            })
            .fold(f64::INFINITY, f64::min)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn the_nearest_is_the_nearest(
            anywhere in (-90.0f64..=90.0, -180.0f64..=180.0),
            near in any::<prop::sample::Index>(),
            off in (-0.5f64..0.5, -0.5f64..0.5),
            inhabited in any::<bool>(),
        ) {
            // Two thirds of the earth are sea: half of the cases are near a place.
            let (lat, lon) = if inhabited {
                let table = table();
                let place = table.positions[near.index(table.positions.len())];
                let (lat, lon) = degrees(place, table.steps);
                ((lat + off.0).clamp(-90.0, 90.0), (lon + off.1).clamp(-180.0, 180.0))
            } else {
                anywhere
            };
            let all = by_looking_at_all(lat, lon);
            match nearest_place(lat, lon) {
                // Single precision may prefer one of two that differ by a metre.
                Some(place) => prop_assert!((place.distance_km - all).abs() < 0.002, "{}", all),
                None => prop_assert!(all > FARTHEST_KM - 0.002, "{}", all),
            }
        }

        #[test]
        fn a_damaged_table_is_survived(
            damage in proptest::collection::vec((0usize..200, any::<u8>()), 1..4),
            end in any::<prop::sample::Index>(),
        ) {
            let mut file = FILE.to_vec();
            for (at, value) in damage {
                file[at] = value;
            }
            let _ = Places::unpack(&file);
            prop_assert!(Places::unpack(&FILE[..end.index(FILE.len())]).is_none());
        }
    }
}
