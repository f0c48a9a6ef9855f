"""Units that cells may name: a closed table of clinical and physical units with their dimension and factor."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Unit:
    """One unit.

    Args:
        name: how it is written in messages.
        dimension: what it measures; only units of one dimension are converted into each other.
        factor: how many of the dimension's first unit it is.
        offset: what is added after multiplying (temperatures), else 0.
    """

    name: str
    dimension: str
    factor: float
    offset: float = 0.0


# dimension: name = factor (spellings), ...; the first unit has factor 1. Exact where the definition is exact (SI
# brochure 9th ed.; international yard and pound 1959); mmHg and cal by their conventional values.
_TABLE = """
mass: g=1 (gr gm gram grams gramme grammes), kg=1e3 (kgs kilo kilos kilogram kilograms), mg=1e-3 (milligram \
milligrams), \u00b5g=1e-6 (ug mcg microgram micrograms), ng=1e-9 (nanogram), pg=1e-12, t=1e6 (tonne tonnes), \
lb=453.59237 (lbs pound pounds), oz=28.349523125 (ounce ounces), st=6350.29318 (stone)
length: m=1 (meter meters metre metres), km=1e3 (kilometer kilometers kilometre kilometres), cm=1e-2 (centimeter \
centimeters centimetre), mm=1e-3 (millimeter millimeters millimetre), \u00b5m=1e-6 (um micron microns), nm=1e-9 \
(nanometer), \u212b=1e-10 (\u00e5 angstrom), in=0.0254 (inch inches "), ft=0.3048 (feet foot '), yd=0.9144 (yard \
yards), mi=1609.344 (mile miles), pc=3.0856775814913673e16 (parsec), kpc=3.0856775814913673e19, \
Mpc=3.0856775814913673e22, AU=1.495978707e11 (au), ly=9.4607304725808e15
area: m^2=1 (m2 sqm), cm^2=1e-4 (cm2), mm^2=1e-6 (mm2), km^2=1e6 (km2), ha=1e4 (hectare hectares), \
sqft=0.09290304 (ft^2 ft2), acre=4046.8564224 (acres)
volume: l=1 (L liter liters litre litres), dl=0.1 (dL), cl=0.01 (cL), ml=1e-3 (mL cc cm^3), \u00b5l=1e-6 (ul \
\u00b5L uL), nl=1e-9 (nL), fl=1e-15 (fL), m^3=1e3 (m3), gal=3.785411784 (gallon gallons)
time: s=1 (sec secs second seconds), ms=1e-3 (msec), min=60 (mins minute minutes), h=3600 (hr hrs hour hours \
std), d=86400 (day days), wk=604800 (week weeks w wks), mo=2629746 (month months mos mth), yr=31556952 (year \
years yrs y)
temperature: \u00b0C=1 (C degC celsius \u00baC), \u00b0F=0.5555555555555556 (F degF fahrenheit \u00baF), K=1 \
(kelvin)
pressure: mmHg=1 (mm_Hg torr), kPa=7.500615758456564, hPa=0.7500615758456564 (mbar), Pa=0.007500615758456564, \
bar=750.0615758456564, cmH2O=0.7355591400 (cm_H2O), psi=51.71493257, atm=760
energy: kJ=1, J=1e-3, kcal=4.184 (Cal), cal=4.184e-3, kWh=3600, Wh=3.6, eV=1.602176634e-22, keV=1.602176634e-19, \
MeV=1.602176634e-16
power: W=1 (watt watts), kW=1e3, MW=1e6, hp=745.6998715822702, mW=1e-3
frequency: Hz=1 (hz), kHz=1e3, MHz=1e6, GHz=1e9, bpm=0.016666666666666666 (/min min^-1 beats/min)
voltage: V=1 (volt volts), mV=1e-3, kV=1e3, \u00b5V=1e-6 (uV)
current: A=1 (amp amps), mA=1e-3, \u00b5A=1e-6 (uA)
angle: deg=1 (\u00b0 degree degrees), rad=57.29577951308232, arcmin=0.016666666666666666, \
arcsec=0.0002777777777777778
speed: m/s=1 (m_s-1), km/h=0.2777777777777778 (kmh kph), mph=0.44704, km/s=1e3, kn=0.5144444444444445 (knots)
mass concentration: g/l=1 (g/L mg/ml mg/mL), g/dl=10 (g/dL g%), mg/dl=0.01 (mg/dL mg%), mg/l=1e-3 (mg/L \
\u00b5g/ml \u00b5g/mL ug/ml ug/mL ppm), \u00b5g/dl=1e-5 (\u00b5g/dL ug/dl ug/dL mcg/dl mcg/dL), \u00b5g/l=1e-6 \
(\u00b5g/L ug/l ug/L ng/ml ng/mL mcg/l), ng/dl=1e-8 (ng/dL), ng/l=1e-9 (ng/L pg/ml pg/mL), pg/dl=1e-11 (pg/dL)
amount concentration: mmol/l=1 (mmol/L mM), mol/l=1e3 (mol/L), \u00b5mol/l=1e-3 (\u00b5mol/L umol/l umol/L \
\u00b5M uM), nmol/l=1e-6 (nmol/L nM), pmol/l=1e-9 (pmol/L pM)
equivalents: mEq/l=1 (mEq/L meq/l), mval/l=1
enzyme activity: U/l=1 (U/L IU/l IU/L u/l), U/ml=1e3 (U/mL IU/ml IU/mL), mU/l=1e-3 (mU/L mIU/L mIU/l \u00b5IU/ml \
uIU/ml \u00b5U/ml uIU/mL), \u00b5kat/l=59.98800239952009 (\u00b5kat/L ukat/l)
units: IU=1 (iu U units), kIU=1e3
count concentration: /\u00b5l=1 (/ul /\u00b5L /uL /mm^3 /mm3 cells/\u00b5l cells/ul cells/mm^3 cells/mm3), \
/nl=1e3 (/nL G/l G/L 10^9/l 10^9/L 10^3/\u00b5l 10^3/ul 10^3/\u00b5L 10^3/uL K/\u00b5l K/ul K/\u00b5L K/uL \
thou/\u00b5l), /ml=1e-3 (/mL), T/l=1e6 (T/L 10^12/l 10^12/L 10^6/\u00b5l 10^6/ul 10^6/\u00b5L M/\u00b5l M/ul \
/pl), /l=1e-6 (/L)
flow: ml/min=1 (mL/min), l/min=1e3 (L/min), ml/h=0.016666666666666666 (mL/h ml/hr)
clearance: ml/min/1.73m^2=1 (ml/min/1.73m2 mL/min/1.73m2 mL/min/1.73m^2)
dose: mg/kg=1, \u00b5g/kg=1e-3 (ug/kg mcg/kg), g/kg=1e3
sedimentation: mm/h=1 (mm/hr)
body mass index: kg/m^2=1 (kg/m2)
molar ratio: mmol/mol=1
osmolality: mOsm/kg=1 (mosm/kg mosmol/kg mOsmol/kg)
radiation dose: Gy=1, cGy=1e-2, mGy=1e-3
equivalent dose: Sv=1, mSv=1e-3
activity: Bq=1, kBq=1e3, MBq=1e6, GBq=1e9, mCi=3.7e7
field: T=1, mT=1e-3
level: dB=1 (dBm)
magnitude: mag=1 (mags)
flux: Jy=1, mJy=1e-3
data: B=1 (bytes), KB=1e3 (kB), MB=1e6, GB=1e9
length of sequence: bp=1 (nt), kb=1e3 (kbp), Mb=1e6 (Mbp)
fraction: %=1 (percent pct), \u2030=0.1
money $: $=1 (USD US$ usd)
money \u20ac: \u20ac=1 (EUR eur Euro euro)
money \u00a3: \u00a3=1 (GBP gbp)
money \u00a5: \u00a5=1 (JPY)
"""
# Substance -> grams per mole, for mass to amount concentrations; only where the column's name says the substance
# (IUPAC standard atomic weights, rounded as clinical conversion tables do; urea as urea, not as nitrogen).
MOLAR_MASS = {
    "glucose": 180.16,
    "sugar": 180.16,
    "cholesterol": 386.65,
    "chol": 386.65,
    "hdl": 386.65,
    "ldl": 386.65,
    "triglycerides": 885.4,
    "triglyceride": 885.4,
    "creatinine": 113.12,
    "urea": 60.06,
    "bilirubin": 584.66,
    "calcium": 40.078,
    "magnesium": 24.305,
    "phosphate": 30.974,
    "iron": 55.845,
}
_MASS, _AMOUNT = "mass concentration", "amount concentration"


def _read_table() -> dict[str, Unit]:
    units: dict[str, Unit] = {}
    for line in _TABLE.strip().splitlines():
        dimension, rest = line.split(": ", 1)
        for entry in rest.split(", "):
            head, _, spellings = entry.partition(" (")
            name, factor = head.rsplit("=", 1)
            offset = {"\u00b0F": -17.77777777777778, "K": -273.15}.get(name, 0.0)
            unit = Unit(name, dimension, float(factor), offset)
            for spelling in (name, *spellings.rstrip(")").split()):
                units[spelling.replace("_", " ")] = unit
    return units


UNITS = _read_table()
_FOLDED: dict[str, Unit | None] = {}
for _spelling, _unit in UNITS.items():
    _key = _spelling.casefold()
    # Spellings that only case tells apart (mW, MW) are found in their own case alone.
    _FOLDED[_key] = _unit if _FOLDED.get(_key, _unit) is _unit else None


def find_unit(text: str) -> Unit | None:
    """The unit that a text names, or None.

    Case counts where it tells units apart (mW, MW), else not.

    Args:
        text: the unit as written, without blanks around it.

    Example:
        >>> find_unit("KG").name, find_unit("mW").factor, find_unit("MW").factor, find_unit("farad")
        ('kg', 0.001, 1000000.0, None)
    """
    clean = " ".join(text.rstrip(".").split())
    found = UNITS.get(clean)
    if found is None:
        clean = clean.replace(" ", "") if "/" in clean else clean
        found = UNITS.get(clean) or _FOLDED.get(clean.casefold())
    return found


def convert_value(value: float, unit: Unit, to: Unit, *, name_words: tuple[str, ...] = ()) -> float | None:
    """A value in another unit of the same dimension, or None when there is no conversion.

    Mass and amount concentrations are converted only where the column's name says the substance.

    Args:
        value: the number.
        unit: its unit.
        to: the wanted unit.
        name_words: lower-case words of the column's name.

    Example:
        >>> round(convert_value(98.6, UNITS["F"], UNITS["C"]), 6), convert_value(1, UNITS["kg"], UNITS["m"])
        (37.0, None)
        >>> round(convert_value(5.0, UNITS["mmol/l"], UNITS["mg/dl"], name_words=("fasting", "glucose")), 2)
        90.08
    """
    if unit is to:
        return value
    base = value * unit.factor + unit.offset
    if unit.dimension != to.dimension:
        molar = next((MOLAR_MASS[word] for word in name_words if word in MOLAR_MASS), None)
        if molar is None or {unit.dimension, to.dimension} != {_MASS, _AMOUNT}:
            return None
        # The first units are g/l and mmol/l.
        base = base * molar / 1000.0 if to.dimension == _MASS else base * 1000.0 / molar
    return (base - to.offset) / to.factor


def find_name_unit(name: str) -> Unit | None:
    """The unit that a column's name says in its end or in brackets.

    Args:
        name: column name.

    Example:
        >>> find_name_unit("weight (kg)").name, find_name_unit("height_cm").name, find_name_unit("age")
        ('kg', 'cm', None)
    """
    opened = max(name.rfind("("), name.rfind("["))
    if opened >= 0 and name.rstrip().endswith((")", "]")):
        return find_unit(name[opened + 1 : -1].strip())
    head, mark, tail = name.replace(" ", "_").rpartition("_")
    # One letter at the end of a name is rarely a unit.
    return find_unit(tail) if mark and head and len(tail) > 1 else None
