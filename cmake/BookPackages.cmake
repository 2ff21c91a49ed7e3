# What the book takes from the distribution.  tools/setup says why each package is there.

set(Boost_USE_STATIC_LIBS ON)
find_package(Boost 1.74 REQUIRED COMPONENTS fiber context)
find_package(fmt REQUIRED)
find_package(GTest REQUIRED)
find_package(cppzmq REQUIRED)
find_package(msgpack REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
