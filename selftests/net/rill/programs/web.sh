# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154  # variables are shared with who sources it
# web.sh - servers and clients of HTTP.

# fetch - both files, twice each by one connection, and what they hold
fetch() {
	local made out=$dir/fetched

	made=$(ask curl -sS -f -w '%{num_connects}' \
		"http://$url:$port/small" -o "$out.1" "http://$url:$port/large" -o "$out.2" \
		"http://$url:$port/large" -o "$out.3" "http://$url:$port/small" -o "$out.4")
	same "$dir/www/small" "$out.1"
	same "$dir/www/large" "$out.2"
	same "$dir/www/large" "$out.3"
	same "$dir/www/small" "$out.4"
	[[ $made = "$1" ]] || { echo "connections: $made instead of $1"; return 1; }
}

# hammer PATH SECONDS - wrk, which counts what is no answer
hammer() {
	ask wrk -t 1 -c 16 -d "$2s" --timeout 20s "http://$url:$port/$1" >"$dir/wrk.log"
	grep -q '^ *[1-9][0-9]* requests in ' "$dir/wrk.log"
	! grep -E 'Socket errors|Non-2xx' "$dir/wrk.log"
}

test_nginx() {
	want nginx wrk curl
	mkdir -p "$dir/nginx"
	cat >"$dir/nginx/conf" <<-END
		user root;
		daemon off;
		pid $dir/nginx/pid;
		events { worker_connections 256; }
		http {
			access_log off;
			sendfile on;
			tcp_nopush on;
			keepalive_requests 1000000;
			client_body_temp_path $dir/nginx/body;
			proxy_temp_path $dir/nginx/proxy;
			fastcgi_temp_path $dir/nginx/fastcgi;
			uwsgi_temp_path $dir/nginx/uwsgi;
			scgi_temp_path $dir/nginx/scgi;
			server {
				listen [::]:$port ipv6only=off;
				root $dir/www;
			}
		}
	END
	serve nginx -e "$dir/nginx.log" -c "$dir/nginx/conf"
	fetch 1000
	hammer small 1
	[[ $set_name = full && $line_up != bad ]] || return 0
	hammer large 3
	patience=180 ask curl -sS -f "http://$url:$port/huge" -o "$dir/fetched.huge"
	same "$dir/www/huge" "$dir/fetched.huge"
	rm "$dir/fetched.huge"
}

test_http() {
	want "$python" curl
	serve "$python" -m http.server --bind :: --directory "$dir/www" "$port"
	fetch 1111
}

# ---- what Python's asyncio makes of it, plain and with TLS ----

test_asyncio() {
	want "$python" openssl
	[[ -e $dir/keys/tls ]] ||
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
			-keyout "$dir/keys/tls" -out "$dir/keys/tls.pub" -subj /CN=rill \
			-addext "subjectAltName=IP:10.18.1.1,IP:fd18::1" 2>/dev/null
	serve "$python" "$here/streams.py" serve "$port" "$dir/keys"
	ask "$python" "$here/streams.py" talk "$address" "$port" "$dir/keys"
}
