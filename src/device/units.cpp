#include "device/units.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/text.h"

namespace daimon::device {
namespace {

constexpr Dimension kLength{1};
constexpr Dimension kArea{2};
constexpr Dimension kVolume{3};
constexpr Dimension kMass{0, 1};
constexpr Dimension kSpeed{1, 0, -1};
constexpr Dimension kData{0, 0, 0, 0, 1};

struct Row {
  Unit unit;
  std::string_view names;  // further ones, divided by commas
};

Rational decimal(std::string_view digits) { return Rational::from_digits(digits); }

const std::vector<Row>& rows() {
  static const std::vector<Row> kRows = [] {
    const Rational inch = decimal("0.0254");
    const Rational foot = decimal("0.3048");
    const Rational yard = decimal("0.9144");
    const Rational mile = decimal("1609.344");
    const Rational pound = decimal("0.45359237");
    const Rational gallon = decimal("0.003785411784");
    const Rational imperial_gallon = decimal("0.00454609");
    const Rational acre = decimal("4046.8564224");
    const Rational kilo = 1000;
    const Rational kibi = 1024;
    return std::vector<Row>{
        {{"m", kLength, 1}, "metre,metres,meter,meters"},
        {{"km", kLength, kilo}, "kilometre,kilometres,kilometer,kilometers"},
        {{"cm", kLength, Rational(1, 100)}, "centimetre,centimetres,centimeter,centimeters"},
        {{"mm", kLength, Rational(1, 1000)}, "millimetre,millimetres,millimeter,millimeters"},
        {{"um", kLength, Rational(1, 1'000'000)}, "µm,micrometre,micrometres,micrometer,micrometers"},
        {{"nm", kLength, Rational(1, 1'000'000'000)}, "nanometre,nanometres,nanometer,nanometers"},
        {{"inches", kLength, inch}, "inch"},
        {{"feet", kLength, foot}, "ft,foot"},
        {{"yards", kLength, yard}, "yd,yard"},
        {{"miles", kLength, mile}, "mi,mile"},
        {{"nautical miles", kLength, 1852}, "nmi,nautical mile"},
        {{"kg", kMass, 1}, "kilogram,kilograms,kilo,kilos"},
        {{"g", kMass, Rational(1, 1000)}, "gram,grams"},
        {{"mg", kMass, Rational(1, 1'000'000)}, "milligram,milligrams"},
        {{"t", kMass, kilo}, "tonne,tonnes"},
        {{"pounds", kMass, pound}, "lb,lbs,pound"},
        {{"ounces", kMass, pound / 16}, "oz,ounce"},
        {{"stone", kMass, pound * 14}, "st,stones"},
        {{"seconds", kTime, 1}, "s,sec,secs,second"},
        {{"ms", kTime, Rational(1, 1000)}, "millisecond,milliseconds"},
        {{"minutes", kTime, 60}, "min,mins,minute"},
        {{"hours", kTime, 3600}, "h,hr,hrs,hour"},
        {{"days", kTime, 86400}, "d,day"},
        {{"weeks", kTime, 604800}, "week,wk,wks"},
        {{"months", kCalendar, 1}, "month"},
        {{"years", kCalendar, 12}, "year,yr,yrs"},
        {{"K", kTemperature, 1}, "kelvin"},
        {{"C", kTemperature, 1, decimal("273.15")}, "°C,celsius,degC"},
        {{"F", kTemperature, Rational(5, 9), decimal("459.67") * Rational(5, 9)}, "°F,fahrenheit,degF"},
        {{"bytes", kData, 1}, "B,byte"},
        {{"bits", kData, Rational(1, 8)}, "bit"},
        {{"KB", kData, kilo}, "kB,kilobyte,kilobytes"},
        {{"MB", kData, kilo.power(2)}, "megabyte,megabytes"},
        {{"GB", kData, kilo.power(3)}, "gigabyte,gigabytes"},
        {{"TB", kData, kilo.power(4)}, "terabyte,terabytes"},
        {{"PB", kData, kilo.power(5)}, "petabyte,petabytes"},
        {{"KiB", kData, kibi}, "kibibyte,kibibytes"},
        {{"MiB", kData, kibi.power(2)}, "mebibyte,mebibytes"},
        {{"GiB", kData, kibi.power(3)}, "gibibyte,gibibytes"},
        {{"TiB", kData, kibi.power(4)}, "tebibyte,tebibytes"},
        {{"m^2", kArea, 1}, "m2,m²,sq m,square metre,square metres,square meter,square meters"},
        {{"km^2", kArea, kilo.power(2)},
         "km2,km²,sq km,square kilometre,square kilometres,square kilometer,square kilometers"},
        {{"cm^2", kArea, Rational(1, 10'000)}, "cm2,cm²,sq cm,square centimetre,square centimetres"},
        {{"ha", kArea, 10'000}, "hectare,hectares"},
        {{"acres", kArea, acre}, "acre"},
        {{"sq ft", kArea, foot.power(2)}, "ft^2,ft2,ft²,square foot,square feet"},
        {{"sq in", kArea, inch.power(2)}, "in^2,in²,square inch,square inches"},
        {{"sq miles", kArea, mile.power(2)}, "mi^2,square mile,square miles"},
        {{"m^3", kVolume, 1}, "m3,m³,cubic metre,cubic metres,cubic meter,cubic meters"},
        {{"cm^3", kVolume, Rational(1, 1'000'000)}, "cm3,cm³,cc,cubic centimetre,cubic centimetres"},
        {{"L", kVolume, Rational(1, 1000)}, "l,litre,litres,liter,liters"},
        {{"ml", kVolume, Rational(1, 1'000'000)}, "mL,millilitre,millilitres,milliliter,milliliters"},
        {{"cl", kVolume, Rational(1, 100'000)}, "cL,centilitre,centilitres"},
        {{"US gallons", kVolume, gallon}, "gal,gallon,gallons,US gallon"},
        {{"UK gallons", kVolume, imperial_gallon}, "UK gallon,imperial gallon,imperial gallons"},
        {{"US pints", kVolume, gallon / 8}, "pt,pint,pints,US pint"},
        {{"UK pints", kVolume, imperial_gallon / 8}, "UK pint,imperial pint,imperial pints"},
        {{"cups", kVolume, gallon / 16}, "cup"},
        {{"fl oz", kVolume, gallon / 128}, "fluid ounce,fluid ounces"},
        {{"cubic feet", kVolume, foot.power(3)}, "ft^3,ft3,ft³,cubic foot"},
        {{"m/s", kSpeed, 1}, "mps,metres per second,meters per second"},
        {{"km/h", kSpeed, Rational(5, 18)}, "kmh,kph,kilometres per hour,kilometers per hour"},
        {{"mph", kSpeed, mile / 3600}, "mi/h,miles per hour"},
        {{"knots", kSpeed, Rational(1852, 3600)}, "kn,kt,knot"},
    };
  }();
  return kRows;
}

struct Names {
  std::map<std::string, const Unit*, std::less<>> exact, folded;
  std::size_t longest = 0;
};

const Names& names() {
  static const Names kNames = [] {
    Names made;
    const auto add = [&](std::string_view name, const Unit* unit) {
      made.exact.emplace(name, unit);
      made.longest = std::max(made.longest, name.size());
      // Without case only where the name is a word: mb is not a millibyte, and M is not m.
      if (name.size() > 3) made.folded.emplace(to_lower_ascii(name), unit);
    };
    for (const Row& row : rows()) {
      add(row.unit.name, &row.unit);
      for (std::string_view rest = row.names; !rest.empty();) {
        const std::size_t end = std::min(rest.find(','), rest.size());
        add(rest.substr(0, end), &row.unit);
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
    }
    for (const auto& [name, short_name] : {std::pair{"c", "C"},
                                           {"f", "F"},
                                           {"gb", "GB"},
                                           {"mb", "MB"},
                                           {"kb", "KB"},
                                           {"tb", "TB"},
                                           {"KM", "km"},
                                           {"KG", "kg"},
                                           {"Kg", "kg"}})
      made.exact.emplace(name, made.exact.at(short_name));
    return made;
  }();
  return kNames;
}

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

}  // namespace

const Unit* find_unit(std::string_view name) {
  if (const auto found = names().exact.find(name); found != names().exact.end()) return found->second;
  const auto found = names().folded.find(to_lower_ascii(name));
  return found == names().folded.end() ? nullptr : found->second;
}

const Unit* unit_of(const Dimension& dimension) {
  const auto found = std::ranges::find_if(
      rows(), [&](const Row& row) { return row.unit.dimension == dimension && row.unit.factor == Rational(1); });
  return found == rows().end() ? nullptr : &found->unit;
}

std::size_t unit_prefix(std::string_view text) {
  for (std::size_t length = std::min(text.size(), names().longest); length > 0; --length) {
    const bool whole = length == text.size() || !is_word(text[length]) || !is_word(text[length - 1]);
    if (whole && find_unit(text.substr(0, length)) != nullptr) return length;
  }
  return 0;
}

}  // namespace daimon::device
