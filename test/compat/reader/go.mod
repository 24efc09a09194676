module mooring.io/test/compat/reader

go 1.26

require github.com/pierrec/lz4/v4 v4.1.22
