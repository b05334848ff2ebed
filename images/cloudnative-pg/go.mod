module pgha.kubernetes/cloudnative-pg

go 1.26.4

require github.com/cloudnative-pg/cloudnative-pg v1.29.2
