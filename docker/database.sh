#!/bin/sh
# Run once by the image of PostgreSQL, while its volume is empty: Tocsin's role owns its own database and nothing else.
set -eu
psql --username postgres --set ON_ERROR_STOP=1 --set password="$TOCSIN_PASSWORD" <<'SQL'
create role tocsin login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password :'password';
create database tocsin owner tocsin;
revoke connect, temporary on database postgres from public;
SQL
