# MariaDB, PHP and nginx, until one of them ends or SIGTERM; runs as root inside the root. WORDPRESS_PORT
# is nginx's.
# shellcheck shell=bash
trap 'exit 0' TERM INT
cd /work || exit
sed "s/PORT/$WORDPRESS_PORT/" nginx.conf >run/nginx.conf
mariadbd --defaults-file=/work/my.cnf &
php-fpm8.2 -F -y /work/php-fpm.conf &
nginx -c /work/run/nginx.conf &
wait -n || true
